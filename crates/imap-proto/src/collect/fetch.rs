//! FETCH responses with their streamed bodies.

use crate::{Fetch, FetchAttribute, MessageData};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use bytes::{Bytes, BytesMut};

/// A FETCH response that could not be made whole. It is here as it was: what was collected is gone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Its streamed bodies have more octets than the limit.
    #[error("bodies of more than {limit} octets")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// The response: those bodies that fit are in it, the others are [`Streamed`](MessageData::Streamed).
        fetch: Box<Fetch>,
    },
    /// The bodies before it are not those that it names: pieces were left out, or are of another response.
    #[error("the bodies are not those of this response")]
    Mismatch {
        /// The response.
        fetch: Box<Fetch>,
    },
}

/// Puts streamed bodies back into their FETCH response (RFC 9051 section 7.5.2), to a limit of octets for each response.
///
/// A client machine tells a large literal in pieces, each literal before the response that it is in. Memory grows with what has come, never with
/// what was announced; of a body that would go over the limit, nothing is kept.
///
/// ```
/// use imap_proto::collect::FetchCollector;
/// use imap_proto::{BodySection, Fetch, FetchAttribute, MessageData, NonEmpty, Section};
///
/// let mut collector = FetchCollector::new(1 << 20);
/// collector.body_start(11);
/// collector.body_chunk("Subject: ".into());
/// collector.body_chunk("hi".into());
/// collector.body_end();
/// let data = Some(MessageData::Streamed { size: 11.into(), binary: false });
/// let section = BodySection { section: Section::ALL, origin: None, data };
/// let fetch = Fetch::new(7.try_into()?, NonEmpty::one(FetchAttribute::Section(section.into())));
/// let whole = collector.fetch(fetch)?;
/// let section = whole.section(&Section::ALL).and_then(|section| section.data.as_ref());
/// assert_eq!(section.and_then(MessageData::octets), Some(&b"Subject: hi"[..]));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FetchCollector {
    limit: usize,
    /// Octets that are kept.
    kept: usize,
    bodies: VecDeque<Body>,
    open: Option<Open>,
    /// What came was not in order.
    broken: bool,
}

/// A body that has come.
#[derive(Debug)]
struct Body {
    size: u64,
    /// `None`: it is over the limit.
    octets: Option<Bytes>,
}

/// A body that comes.
#[derive(Debug)]
struct Open {
    size: u64,
    come: u64,
    /// Over the limit: nothing is kept.
    full: bool,
    /// The first piece, which is not copied if it is the only one.
    first: Bytes,
    joined: BytesMut,
}

impl FetchCollector {
    /// Keeps at most `limit` octets of streamed bodies for one response.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, kept: 0, bodies: VecDeque::new(), open: None, broken: false }
    }

    /// A body of `size` octets begins.
    pub fn body_start(&mut self, size: u64) {
        self.broken |= self.open.is_some();
        let rest = self.limit.saturating_sub(self.kept);
        let full = usize::try_from(size).map_or(true, |size| size > rest);
        self.open = Some(Open { size, come: 0, full, first: Bytes::new(), joined: BytesMut::new() });
    }

    /// A piece of it.
    pub fn body_chunk(&mut self, octets: Bytes) {
        let Some(open) = &mut self.open else {
            self.broken = true;
            return;
        };
        open.come = open.come.saturating_add(octets.len() as u64);
        if open.full || open.come > open.size {
            open.full = true;
            open.first = Bytes::new();
            open.joined = BytesMut::new();
        } else if open.first.is_empty() && open.joined.is_empty() {
            open.first = octets;
        } else {
            open.joined.extend_from_slice(&core::mem::take(&mut open.first));
            open.joined.extend_from_slice(&octets);
        }
    }

    /// It ends.
    pub fn body_end(&mut self) {
        let Some(open) = self.open.take() else {
            self.broken = true;
            return;
        };
        self.broken |= open.come != open.size;
        let octets = if open.joined.is_empty() { open.first } else { open.joined.freeze() };
        self.kept = self.kept.saturating_add(octets.len());
        self.bodies.push_back(Body { size: open.size, octets: (!open.full).then_some(octets) });
    }

    /// The FETCH or UIDFETCH response that the bodies belong to: with them. The next response starts anew.
    ///
    /// # Errors
    /// [`FetchError`]: they were over the limit, or are not those of this response.
    pub fn fetch(&mut self, mut fetch: Fetch) -> Result<Fetch, FetchError> {
        let broken = self.broken || self.open.is_some();
        let mut bodies = core::mem::take(&mut self.bodies);
        self.reset();
        let fits = streamed(&mut fetch).map(|data| data.size()).eq(bodies.iter().map(|body| body.size));
        if broken || !fits {
            return Err(FetchError::Mismatch { fetch: Box::new(fetch) });
        }
        let mut whole = true;
        for data in streamed(&mut fetch) {
            match bodies.pop_front().and_then(|body| body.octets) {
                Some(octets) => *data = MessageData::new(octets),
                None => whole = false,
            }
        }
        if whole {
            Ok(fetch)
        } else {
            Err(FetchError::TooLarge { limit: self.limit, fetch: Box::new(fetch) })
        }
    }

    /// Forgets the bodies: the response that they belong to could not be parsed, or the connection is lost.
    pub fn reset(&mut self) {
        *self = Self::new(self.limit);
    }
}

/// The bodies of a response that are not in it, in their order.
fn streamed(fetch: &mut Fetch) -> impl Iterator<Item = &mut MessageData> {
    let all = fetch.attributes_mut().iter_mut().filter_map(data);
    all.filter(|data| matches!(data, MessageData::Streamed { .. }))
}

fn data(attribute: &mut FetchAttribute) -> Option<&mut MessageData> {
    match attribute {
        FetchAttribute::Section(section) => section.data.as_mut(),
        FetchAttribute::Binary(section) => section.data.as_mut(),
        FetchAttribute::Rfc822(data)
        | FetchAttribute::Rfc822Header(data)
        | FetchAttribute::Rfc822Text(data) => data.as_deref_mut(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BinarySection, BodySection, Section};
    use alloc::vec;
    use core::num::NonZeroU32;

    fn section(size: Option<u64>) -> FetchAttribute {
        let data = size
            .map(|size| MessageData::Streamed { size: crate::Number64::new(size).unwrap(), binary: false });
        FetchAttribute::Section(Box::new(BodySection { section: Section::ALL, origin: None, data }))
    }

    fn several() -> Fetch {
        let binary = MessageData::Streamed { size: crate::Number64::from(4), binary: true };
        Fetch::new(
            NonZeroU32::MIN,
            vec![
                FetchAttribute::Uid(NonZeroU32::MIN),
                section(Some(6)),
                section(None),
                FetchAttribute::Rfc822Text(Some(Box::new(MessageData::new("inline")))),
                FetchAttribute::Binary(Box::new(BinarySection {
                    part: vec![NonZeroU32::MIN],
                    origin: None,
                    data: Some(binary),
                })),
                FetchAttribute::Rfc822Header(Some(Box::new(MessageData::Streamed {
                    size: crate::Number64::ZERO,
                    binary: false,
                }))),
            ]
            .try_into()
            .unwrap(),
        )
    }

    fn feed(collector: &mut FetchCollector) {
        for (size, pieces) in [(6, &["abc", "de", "f"][..]), (4, &["\0\u{1}\0\u{1}"]), (0, &[])] {
            collector.body_start(size);
            pieces.iter().for_each(|piece| collector.body_chunk((*piece).into()));
            collector.body_end();
        }
    }

    #[test]
    fn several_bodies_of_one_response() {
        let mut collector = FetchCollector::new(10);
        // and again, for nothing is left over
        for _ in 0..2 {
            feed(&mut collector);
            let mut whole = collector.fetch(several()).unwrap();
            assert_eq!(streamed(&mut whole).count(), 0);
            let found: Vec<_> = whole
                .attributes()
                .iter()
                .filter_map(|attribute| match attribute {
                    FetchAttribute::Section(section) => section.data.as_ref()?.octets(),
                    FetchAttribute::Binary(section) => section.data.as_ref()?.octets(),
                    FetchAttribute::Rfc822Header(data) | FetchAttribute::Rfc822Text(data) => {
                        data.as_ref()?.octets()
                    }
                    _ => None,
                })
                .collect();
            assert_eq!(found, [&b"abcdef"[..], b"inline", b"\0\x01\0\x01", b""]);
        }
    }

    #[test]
    fn a_body_of_one_piece_is_not_copied() {
        let piece = Bytes::from_static(b"abcdef");
        let mut collector = FetchCollector::new(6);
        collector.body_start(6);
        collector.body_chunk(piece.clone());
        collector.body_end();
        let fetch = Fetch::new(NonZeroU32::MIN, crate::NonEmpty::one(section(Some(6))));
        let whole = collector.fetch(fetch).unwrap();
        let data = whole.section(&Section::ALL).unwrap().data.clone().unwrap();
        assert_eq!(data.octets().unwrap().as_ptr(), piece.as_ptr());
    }

    #[test]
    fn up_to_the_limit() {
        for (limit, left) in [(10, 0), (9, 1), (5, 1), (3, 2)] {
            let mut collector = FetchCollector::new(limit);
            feed(&mut collector);
            match collector.fetch(several()) {
                Ok(_) => assert_eq!(left, 0),
                Err(FetchError::TooLarge { limit: told, mut fetch }) => {
                    assert_eq!((told, streamed(&mut fetch).count()), (limit, left));
                }
                Err(other) => panic!("{other}"),
            }
        }
        // nothing is kept, or asked for, of what is announced
        let mut collector = FetchCollector::new(1 << 20);
        collector.body_start(u64::MAX);
        for _ in 0..100 {
            collector.body_chunk(Bytes::from_static(&[7; 1000]));
        }
        let open = collector.open.as_ref().unwrap();
        assert_eq!((open.first.len(), open.joined.capacity()), (0, 0));
    }

    #[test]
    fn bodies_of_another_response() {
        let mismatch = |run: &dyn Fn(&mut FetchCollector)| {
            let mut collector = FetchCollector::new(100);
            run(&mut collector);
            let fetch = Fetch::new(NonZeroU32::MIN, crate::NonEmpty::one(section(Some(3))));
            assert!(matches!(collector.fetch(fetch), Err(FetchError::Mismatch { .. })));
            // and then all is well
            feed(&mut collector);
            assert!(collector.fetch(several()).is_ok());
        };
        mismatch(&|_| {});
        mismatch(&|collector| feed(collector));
        mismatch(&|collector| collector.body_start(3));
        mismatch(&|collector| {
            collector.body_start(3);
            collector.body_chunk("ab".into());
            collector.body_end();
        });
        mismatch(&|collector| {
            collector.body_start(3);
            collector.body_chunk("abcd".into());
            collector.body_end();
        });
        mismatch(&|collector| collector.body_chunk("abc".into()));
        mismatch(&|collector| collector.body_end());
        mismatch(&|collector| {
            collector.body_start(1);
            collector.body_start(3);
            collector.body_chunk("abc".into());
            collector.body_end();
        });
        let mut collector = FetchCollector::new(100);
        collector.body_start(3);
        collector.reset();
        feed(&mut collector);
        assert!(collector.fetch(several()).is_ok());
    }
}
