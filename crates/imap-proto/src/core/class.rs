//! Classes of octets (RFC 9051 section 9), as a table of bits.

/// A set of classes; an octet is in it if it is in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class(u8);

/// `ATOM-CHAR`: any CHAR but `( ) { SP CTL % * " \ ]`.
pub(crate) const ATOM: Class = Class(1);
/// `ASTRING-CHAR = ATOM-CHAR / resp-specials`.
pub(crate) const ASTRING: Class = Class(2);
/// `tag = 1*<any ASTRING-CHAR except "+">`.
pub(crate) const TAG: Class = Class(4);
/// `list-char = ATOM-CHAR / list-wildcards / resp-specials`.
pub(crate) const LIST: Class = Class(8);
/// `QUOTED-CHAR` that stands for itself: everything but `" \ CR LF NUL`, also beyond ASCII.
pub(crate) const QUOTED: Class = Class(16);
/// What real servers write into unquoted names and keywords: everything but `( ) " \ SP CR LF NUL` and `{`, also CTL and beyond ASCII.
pub(crate) const LOOSE: Class = Class(32);
/// Everything but CR, LF and NUL.
pub(crate) const TEXT: Class = Class(64);
/// The names of FETCH attributes, search keys and codes: ATOM-CHAR without `[` and `<`.
pub(crate) const NAME: Class = Class(128);

static TABLE: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "i is below 256")]
        let o = i as u8;
        let mut class = 0;
        let special = matches!(o, b'(' | b')' | b'{' | b' ' | b'%' | b'*' | b'"' | b'\\' | b']');
        if o.is_ascii_graphic() && !special {
            class |= ATOM.0 | ASTRING.0 | LIST.0;
            if o != b'+' {
                class |= TAG.0;
            }
            if o != b'[' && o != b'<' {
                class |= NAME.0;
            }
        }
        if o == b']' {
            class |= ASTRING.0 | TAG.0 | LIST.0;
        }
        if matches!(o, b'%' | b'*') {
            class |= LIST.0;
        }
        if !matches!(o, b'"' | b'\\' | b'\r' | b'\n' | 0) {
            class |= QUOTED.0;
        }
        if !matches!(o, b'(' | b')' | b'{' | b' ' | b'"' | b'\\' | b'\r' | b'\n' | 0) {
            class |= LOOSE.0;
        }
        if !matches!(o, b'\r' | b'\n' | 0) {
            class |= TEXT.0;
        }
        table[i] = class;
        i += 1;
    }
    table
};

impl Class {
    /// Whether `octet` is in the set.
    #[inline]
    pub(crate) const fn has(self, octet: u8) -> bool {
        TABLE[octet as usize] & self.0 != 0
    }

    /// How many octets at the front are in the set.
    #[inline]
    pub(crate) fn run(self, octets: &[u8]) -> usize {
        octets.iter().position(|&o| !self.has(o)).unwrap_or(octets.len())
    }

    /// The first octet that is not in the set.
    #[inline]
    pub(crate) fn first_outside(self, octets: &[u8]) -> Option<usize> {
        octets.iter().position(|&o| !self.has(o))
    }

    /// Whether all octets are in the set.
    #[inline]
    pub(crate) fn all(self, octets: &[u8]) -> bool {
        self.first_outside(octets).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_the_rfc() {
        for o in 0..=255u8 {
            let ctl = o < 0x20 || o == 0x7f;
            let special = b"(){ %*\"\\]".contains(&o);
            let atom = o < 0x80 && !ctl && !special;
            assert_eq!(ATOM.has(o), atom, "{o}");
            assert_eq!(ASTRING.has(o), atom || o == b']');
            assert_eq!(LIST.has(o), atom || b"]%*".contains(&o));
            assert_eq!(TAG.has(o), (atom || o == b']') && o != b'+');
        }
        assert_eq!(ATOM.run(b"abc def"), 3);
        assert_eq!(ATOM.first_outside(b"abc"), None);
        assert!(ATOM.all(b""));
    }
}
