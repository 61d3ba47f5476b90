//! LIST responses as a tree.

use super::Overflow;
use crate::{Delimiter, List, Mailbox, MailboxAttribute};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use bytes::Bytes;

/// What a [`MailboxTree`] may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeLimits {
    /// Mailboxes, with the levels above them that were not listed: some 200 octets each. Default: 1,000,000.
    pub max_nodes: usize,
    /// Levels. What is deeper stays one name: `a/b/c` with two levels is `a` and `b/c`. Default: 100.
    pub max_depth: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self { max_nodes: 1_000_000, max_depth: 100 }
    }
}

/// The mailboxes of LIST responses (RFC 9051 sections 6.3.9 and 7.3.1, RFC 5258), each below that which its name says: by the delimiter of its
/// own response, since namespaces may have others. Levels that were not listed are there too.
///
/// The first level is INBOX in any case (RFC 9051 section 5.1); else, names are the same if their octets are.
///
/// ```
/// use imap_proto::collect::MailboxTree;
/// use imap_proto::{Delimiter, Mailbox, Response};
///
/// let mut tree = MailboxTree::new();
/// for line in [
///     "* LIST () \"/\" INBOX\r\n",
///     "* LIST (\\NonExistent) \"/\" foo\r\n",
///     "* LIST () \"/\" foo/bar/baz\r\n",
/// ] {
///     if let Response::List(list) = Response::parse(&line.into())? {
///         tree.add(&list)?;
///     }
/// }
/// let names: Vec<_> = tree.walk().map(|node| (node.depth(), node.level())).collect();
/// assert_eq!(names, [(0, &b"INBOX"[..]), (0, b"foo"), (1, b"bar"), (2, b"baz")]);
/// let foo = tree.get(&Mailbox::new("foo")?, Some(Delimiter::SLASH)).unwrap();
/// assert_eq!((foo.exists(), foo.children().count()), (Some(false), 1));
/// // it was not listed
/// assert_eq!(foo.children().next().and_then(|bar| bar.exists()), None);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct MailboxTree {
    limits: TreeLimits,
    nodes: Vec<Node>,
    /// By parent, delimiter and level.
    places: BTreeMap<(u32, u32, Bytes), u32>,
    first: u32,
    last: u32,
}

/// No node; as a parent, that there is none.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone)]
struct Node {
    /// The whole name up to this level: a part of the name that brought it here, not a copy.
    name: Bytes,
    /// Where its own level starts in it.
    level: usize,
    depth: usize,
    parent: u32,
    first_child: u32,
    last_child: u32,
    next: u32,
    delimiter: Option<Delimiter>,
    list: Option<List>,
    subscribed: bool,
}

impl Default for MailboxTree {
    fn default() -> Self {
        Self::new()
    }
}

impl MailboxTree {
    /// Without mailboxes.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(TreeLimits::default())
    }

    /// The same, holding not more than this.
    #[must_use]
    pub const fn with_limits(limits: TreeLimits) -> Self {
        Self { limits, nodes: Vec::new(), places: BTreeMap::new(), first: NONE, last: NONE }
    }

    /// Adds what a LIST response says (or XLIST). If the mailbox was listed before, this is in its place, and the one before is given back.
    ///
    /// # Errors
    /// [`Overflow`]: more nodes than the limit; nothing is added.
    pub fn add(&mut self, list: &List) -> Result<Option<List>, Overflow> {
        let list = list.detach();
        let node = self.place(&list)?;
        Ok(self.nodes.get_mut(node).and_then(|node| {
            node.delimiter = list.delimiter.or(node.delimiter);
            node.list.replace(list)
        }))
    }

    /// Adds what an LSUB response says (RFC 3501 section 7.2.3): the name is subscribed, unless it is `\Noselect`, which means that some below it are.
    /// Nothing else of it counts.
    ///
    /// # Errors
    /// [`Overflow`]: more nodes than the limit; nothing is added.
    pub fn add_subscribed(&mut self, list: &List) -> Result<(), Overflow> {
        let list = list.detach();
        let node = self.place(&list)?;
        if let Some(node) = self.nodes.get_mut(node) {
            node.delimiter = node.delimiter.or(list.delimiter);
            node.subscribed |= !list.attributes.has(&MailboxAttribute::NoSelect);
        }
        Ok(())
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The mailboxes of the first level, in the order of the responses.
    #[must_use]
    pub fn roots(&self) -> Nodes<'_> {
        Nodes { tree: self, next: self.first, walk: false, top: NONE }
    }

    /// All of them, each before those below it.
    #[must_use]
    pub fn walk(&self) -> Nodes<'_> {
        Nodes { tree: self, next: self.first, walk: true, top: NONE }
    }

    /// The mailbox with a name, whose levels this delimiter parts; without one it has one level.
    #[must_use]
    pub fn get(&self, mailbox: &Mailbox, delimiter: Option<Delimiter>) -> Option<MailboxNode<'_>> {
        let name = mailbox.as_bytes();
        let mut id = NONE;
        for (start, end) in self.levels(name, delimiter) {
            id = self.child(id, delimiter, name.get(start..end)?)?;
        }
        Some(MailboxNode { tree: self, id })
    }

    fn child(&self, parent: u32, delimiter: Option<Delimiter>, level: &[u8]) -> Option<u32> {
        self.places.get(&key(parent, delimiter, Bytes::copy_from_slice(level))).copied()
    }

    /// Where each level of a name starts and ends; there is one at least.
    fn levels(&self, name: &[u8], delimiter: Option<Delimiter>) -> Vec<(usize, usize)> {
        let mut levels = Vec::new();
        let mut start = 0;
        let mut octets = [0; 4];
        if let Some(delimiter) = delimiter.map(|delimiter| &*delimiter.as_char().encode_utf8(&mut octets)) {
            let found = memchr::memmem::find_iter(name, delimiter.as_bytes());
            for end in found.take(self.limits.max_depth.saturating_sub(1)) {
                levels.push((start, end));
                start = end + delimiter.len();
            }
        }
        // `foo/` is `foo`, but `/` is a level without a name
        if start < name.len() || levels.last().is_none_or(|(start, end)| start == end) {
            levels.push((start, name.len()));
        }
        levels
    }

    /// The node of a name, which is made with all above it if need be.
    fn place(&mut self, list: &List) -> Result<usize, Overflow> {
        let name = Bytes::copy_from_slice(list.mailbox.as_bytes());
        let mut levels = self.levels(&name, list.delimiter).into_iter().enumerate().peekable();
        let mut parent = NONE;
        while let Some(&(_, (start, end))) = levels.peek() {
            let Some(found) = self.child(parent, list.delimiter, &name[start..end]) else { break };
            parent = found;
            levels.next();
        }
        let all = self.nodes.len().saturating_add(levels.len());
        if levels.len() > 0 && all > self.limits.max_nodes.min(NONE as usize) {
            return Err(Overflow { limit: self.limits.max_nodes });
        }
        for (depth, (start, end)) in levels {
            parent = self.append(Node {
                name: name.slice(..end),
                level: start,
                depth,
                parent,
                first_child: NONE,
                last_child: NONE,
                next: NONE,
                delimiter: list.delimiter,
                list: None,
                subscribed: false,
            });
        }
        Ok(parent as usize)
    }

    fn append(&mut self, node: Node) -> u32 {
        // fewer than `NONE`
        let id = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        let parent = node.parent;
        let level = node.name.slice(node.level..);
        self.places.insert(key(parent, node.delimiter, level), id);
        self.nodes.push(node);
        let (first, last) = match self.nodes.get_mut(parent as usize) {
            Some(parent) => (&mut parent.first_child, &mut parent.last_child),
            None => (&mut self.first, &mut self.last),
        };
        let before = core::mem::replace(last, id);
        if *first == NONE {
            *first = id;
        }
        if let Some(before) = self.nodes.get_mut(before as usize) {
            before.next = id;
        }
        id
    }
}

/// INBOX in any case is one name, on the first level. Below it, `a/b` and `a.b` are two.
fn key(parent: u32, delimiter: Option<Delimiter>, level: Bytes) -> (u32, u32, Bytes) {
    match parent {
        NONE if level.eq_ignore_ascii_case(b"INBOX") => (parent, 0, Bytes::from_static(b"INBOX")),
        NONE => (parent, 0, level),
        _ => (parent, delimiter.map_or(0, |delimiter| delimiter.as_char().into()), level),
    }
}

/// One mailbox of a [`MailboxTree`], or a level of names that was not listed.
#[derive(Debug, Clone, Copy)]
pub struct MailboxNode<'t> {
    tree: &'t MailboxTree,
    id: u32,
}

impl<'t> MailboxNode<'t> {
    fn node(self) -> Option<&'t Node> {
        self.tree.nodes.get(self.id as usize)
    }

    /// The whole name.
    #[must_use]
    pub fn name(self) -> Mailbox {
        self.node().map_or_else(Mailbox::inbox, |node| Mailbox::known(node.name.clone()))
    }

    /// The last level of the name, as it is on the wire.
    #[must_use]
    pub fn level(self) -> &'t [u8] {
        self.node().and_then(|node| node.name.get(node.level..)).unwrap_or_default()
    }

    /// How many levels are above it.
    #[must_use]
    pub fn depth(self) -> usize {
        self.node().map_or(0, |node| node.depth)
    }

    /// What parts its name from those below it; `None` in a flat namespace.
    #[must_use]
    pub fn delimiter(self) -> Option<Delimiter> {
        self.node()?.delimiter
    }

    /// What LIST said; `None` if it was not listed.
    #[must_use]
    pub fn list(self) -> Option<&'t List> {
        self.node()?.list.as_ref()
    }

    /// Whether there is such a mailbox; `None` if it was not listed. Not with `\NonExistent` (RFC 5258 section 3), which implies `\Noselect`.
    #[must_use]
    pub fn exists(self) -> Option<bool> {
        self.list().map(|list| !list.attributes.has(&MailboxAttribute::NonExistent))
    }

    /// Whether it can be selected, as far as it was listed.
    #[must_use]
    pub fn is_selectable(self) -> bool {
        self.list().is_some_and(|list| list.attributes.is_selectable())
    }

    /// Whether LIST or LSUB said that it is subscribed.
    #[must_use]
    pub fn is_subscribed(self) -> bool {
        let listed = self.list().is_some_and(|list| list.attributes.has(&MailboxAttribute::Subscribed));
        listed || self.node().is_some_and(|node| node.subscribed)
    }

    /// Whether there are mailboxes below it: some are here, or an attribute says so; `None` if nothing is known of it.
    #[must_use]
    pub fn has_children(self) -> Option<bool> {
        if self.node()?.first_child != NONE {
            return Some(true);
        }
        let attributes = &self.list()?.attributes;
        if attributes.has(&MailboxAttribute::HasChildren) {
            return Some(true);
        }
        let none = [MailboxAttribute::HasNoChildren, MailboxAttribute::NoInferiors];
        none.iter().any(|none| attributes.has(none)).then_some(false)
    }

    /// That which it is below.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let id = self.node()?.parent;
        (id != NONE).then_some(Self { tree: self.tree, id })
    }

    /// Those right below it, in the order of the responses.
    #[must_use]
    pub fn children(self) -> Nodes<'t> {
        let next = self.node().map_or(NONE, |node| node.first_child);
        Nodes { tree: self.tree, next, walk: false, top: self.id }
    }

    /// All below it, each before those below that.
    #[must_use]
    pub fn descendants(self) -> Nodes<'t> {
        Nodes { walk: true, ..self.children() }
    }
}

/// Some mailboxes of a [`MailboxTree`].
#[derive(Debug, Clone)]
pub struct Nodes<'t> {
    tree: &'t MailboxTree,
    next: u32,
    /// With those below each.
    walk: bool,
    /// Below this one.
    top: u32,
}

impl<'t> Iterator for Nodes<'t> {
    type Item = MailboxNode<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next;
        let node = self.tree.nodes.get(id as usize)?;
        self.next = node.next;
        if self.walk {
            self.next = node.first_child;
            let mut up = Some(node);
            while let (NONE, Some(node)) = (self.next, up) {
                self.next = node.next;
                if node.parent == self.top {
                    break;
                }
                up = self.tree.nodes.get(node.parent as usize);
            }
        }
        Some(MailboxNode { tree: self.tree, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Response;
    use alloc::string::{String, ToString};
    use proptest::prelude::*;

    fn list(line: &str) -> List {
        let line: String = ["* LIST ", line, "\r\n"].concat();
        match Response::parse(&line.into()).unwrap() {
            Response::List(list) => *list,
            other => panic!("{other:?}"),
        }
    }

    fn tree(lines: &[&str]) -> MailboxTree {
        let mut tree = MailboxTree::new();
        for line in lines {
            tree.add(&list(line)).unwrap();
        }
        tree
    }

    /// Each with its depth, and `?` if it was not listed.
    fn shape(nodes: Nodes<'_>) -> Vec<String> {
        nodes
            .map(|node| {
                let mark = if node.list().is_some() { "" } else { "?" };
                [&node.depth().to_string(), " ", &String::from_utf8_lossy(node.level()), mark].concat()
            })
            .collect()
    }

    fn mailbox(name: &str) -> Mailbox {
        Mailbox::new(name.to_string()).unwrap()
    }

    fn at<'t>(tree: &'t MailboxTree, name: &str) -> Option<MailboxNode<'t>> {
        tree.get(&mailbox(name), Some(Delimiter::SLASH))
    }

    #[test]
    fn names_become_levels() {
        let tree = tree(&[
            "(\\HasChildren) \"/\" INBOX",
            "() \"/\" a/b/c",
            "() \"/\" inbox/Sent",
            "(\\NonExistent \\HasChildren) \"/\" a",
            "() NIL \"flat/name\"",
            "() \".\" #news.comp.mail.misc",
            "() \"/\" a/d",
            "() \"\\\\\" \"x\\\\y\"",
            "(\\HasNoChildren) \"/\" \"/root\"",
        ]);
        assert_eq!(
            shape(tree.walk()),
            [
                "0 INBOX",
                "1 Sent",
                "0 a",
                "1 b?",
                "2 c",
                "1 d",
                "0 flat/name",
                "0 #news?",
                "1 comp?",
                "2 mail?",
                "3 misc",
                "0 x?",
                "1 y",
                "0 ?",
                "1 root"
            ]
        );
        assert_eq!(shape(tree.roots()).len(), 6);
        let a = at(&tree, "a").unwrap();
        assert_eq!(shape(a.descendants()), ["1 b?", "2 c", "1 d"]);
        assert_eq!(shape(a.children()), ["1 b?", "1 d"]);
        assert_eq!((a.exists(), a.is_selectable(), a.has_children()), (Some(false), false, Some(true)));
        let c = at(&tree, "a/b/c").unwrap();
        assert_eq!((c.name(), c.parent().unwrap().name()), (mailbox("a/b/c"), mailbox("a/b")));
        assert_eq!((c.has_children(), c.is_selectable(), c.descendants().count()), (None, true, 0));
        for (name, delimiter, depth) in [
            ("#news.comp.mail", '.', Some(2)),
            ("#news.comp.mail.misc", '.', Some(3)),
            ("#news/comp", '/', None),
            ("flat", '/', None),
            ("InBox/Sent", '/', Some(1)),
            ("a/B", '/', None),
            ("x\\y", '\\', Some(1)),
            ("/root", '/', Some(1)),
            ("a/b/c/d", '/', None),
            ("a/b/", '/', Some(1)),
            ("", '/', Some(0)),
            ("/", '/', None),
        ] {
            let found = tree.get(&mailbox(name), Delimiter::new(delimiter).ok());
            assert_eq!(found.map(MailboxNode::depth), depth, "{name}");
        }
        assert_eq!(at(&tree, "a/b/c").map(MailboxNode::exists), Some(Some(true)));
        assert_eq!(tree.get(&mailbox("a.b.c"), Some(Delimiter::DOT)).map(MailboxNode::depth), None);
        assert_eq!(tree.get(&mailbox("flat/name"), None).map(MailboxNode::delimiter), Some(None));
    }

    #[test]
    fn the_same_name_twice() {
        let mut tree = tree(&["(\\Marked) \"/\" a/b", "(\\Noselect) \"/\" c/"]);
        let before = tree.add(&list("(\\Unmarked) \"/\" a/b")).unwrap();
        assert!(before.unwrap().attributes.has(&MailboxAttribute::Marked));
        assert_eq!(tree.add(&list("() \"/\" a")), Ok(None));
        tree.add_subscribed(&list("() \"/\" a/b")).unwrap();
        tree.add_subscribed(&list("(\\Noselect) \"/\" a")).unwrap();
        tree.add_subscribed(&list("() \"/\" gone")).unwrap();
        assert_eq!(shape(tree.walk()), ["0 a", "1 b", "0 c", "0 gone?"]);
        let subscribed: Vec<_> = tree.walk().map(MailboxNode::is_subscribed).collect();
        assert_eq!(subscribed, [false, true, false, true]);
        assert_eq!(at(&tree, "c/").unwrap().level(), b"c");
        assert_eq!(at(&tree, "gone").unwrap().exists(), None);
    }

    #[test]
    fn up_to_the_limits() {
        let limits = TreeLimits { max_nodes: 4, max_depth: 3 };
        let mut tree = MailboxTree::with_limits(limits);
        tree.add(&list("() \"/\" a/b/c/d/e")).unwrap();
        assert_eq!(shape(tree.walk()), ["0 a?", "1 b?", "2 c/d/e"]);
        assert_eq!(tree.add(&list("() \"/\" x/y")), Err(Overflow { limit: 4 }));
        assert_eq!(tree.len(), 3);
        tree.add(&list("() \"/\" x")).unwrap();
        assert_eq!(tree.add(&list("() \"/\" a/z")), Err(Overflow { limit: 4 }));
        tree.add(&list("() \"/\" a/b")).unwrap();
        assert_eq!(tree.len(), 4);
        // a hundred thousand levels: no stack, and no copies of the name
        let deep = "x/".repeat(100_000);
        let line = ["() \"/\" ", &deep, "x"].concat();
        let mut tree = MailboxTree::with_limits(TreeLimits { max_nodes: 200_000, max_depth: 200_000 });
        tree.add(&list(&line)).unwrap();
        assert_eq!((tree.len(), tree.walk().count()), (100_001, 100_001));
        assert_eq!(tree.walk().last().unwrap().depth(), 100_000);
        let mut tree = MailboxTree::new();
        tree.add(&list(&line)).unwrap();
        assert_eq!(tree.len(), 100);
        drop(tree);
    }

    proptest! {
        #[test]
        fn every_name_is_found(names in proptest::collection::vec("[ab/.]{1,6}", 1..12), slash: bool) {
            let mut tree = MailboxTree::new();
            let delimiter = Some(if slash { Delimiter::SLASH } else { Delimiter::DOT });
            for name in &names {
                let list = List { attributes: crate::MailboxAttributes::new(), delimiter, mailbox: mailbox(name), extended: Vec::new() };
                tree.add(&list).unwrap();
            }
            for name in &names {
                let found = tree.get(&mailbox(name), delimiter);
                prop_assert!(found.is_some_and(|found| found.list().is_some()), "{}", name);
            }
            prop_assert_eq!(tree.walk().count(), tree.len());
            // each once, behind its parent
            let mut seen = alloc::collections::BTreeSet::new();
            for node in tree.walk() {
                prop_assert!(node.parent().is_none_or(|parent| seen.contains(&parent.id)));
                prop_assert!(seen.insert(node.id));
            }
            let below: usize = tree.roots().map(|root| 1 + root.descendants().count()).sum();
            prop_assert_eq!(below, tree.len());
        }
    }
}
