//! Messages in their order, found by place or by UID in O(log n): a B+-tree that counts.
//!
//! A leaf holds items: a message of which something is known, or a run of messages of which nothing is. So 4,294,967,295 unknown messages
//! are one item. An inner node knows of each child how many messages it has and the largest UID in it that is known; UIDs ascend with
//! places, so that both searches go down one path. Places count from 0 here.

use alloc::vec::Vec;

/// Items of a leaf. 64 of 16 octets.
const LEAF: usize = 64;
/// Children of an inner node.
const FAN: usize = 32;
/// Below a quarter, a node is united with its neighbour, or gets some of its content.
const MIN_LEAF: usize = LEAF / 4;
const MIN_FAN: usize = FAN / 4;
/// Inner nodes but the root have at least 8 children: 2^32 leaves need 11 levels.
const LEVELS: usize = 16;

/// What is known of one message; zeros where nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Slot {
    /// 0: not known.
    pub(super) uid: u32,
    /// As [`Labels`](super::labels::Labels) has packed them; 0: not known.
    pub(super) flags: u32,
    /// 0: not known.
    pub(super) mod_seq: u64,
}

/// In place of flags: the item is a run, `uid` its length. No packed flags look so.
const RUN: u32 = 0x40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Item(Slot);

impl Item {
    const fn run(len: u32) -> Self {
        Self(Slot { uid: len, flags: RUN, mod_seq: 0 })
    }

    fn of(slot: Slot) -> Self {
        if slot == Slot::default() { Self::run(1) } else { Self(slot) }
    }

    const fn is_run(self) -> bool {
        self.0.flags == RUN
    }

    /// How many messages it stands for.
    const fn weight(self) -> u32 {
        if self.is_run() { self.0.uid } else { 1 }
    }

    /// 0 if it is not known.
    const fn uid(self) -> u32 {
        if self.is_run() { 0 } else { self.0.uid }
    }

    fn slot(self) -> Slot {
        if self.is_run() { Slot::default() } else { self.0 }
    }
}

/// A child of an inner node.
#[derive(Debug, Clone, Copy)]
struct Entry {
    child: u32,
    /// Messages in it.
    count: u32,
    /// The largest known UID in it; 0 if it has none.
    last: u32,
}

/// Nodes by number; numbers of nodes that are gone are used again.
#[derive(Debug, Clone)]
struct Arena<T> {
    nodes: Vec<Vec<T>>,
    free: Vec<u32>,
}

impl<T> Arena<T> {
    const fn new() -> Self {
        Self { nodes: Vec::new(), free: Vec::new() }
    }

    fn add(&mut self, node: Vec<T>) -> u32 {
        if let Some(id) = self.free.pop() {
            self.nodes[id as usize] = node;
            return id;
        }
        self.nodes.push(node);
        // there are fewer nodes than messages
        u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    fn take(&mut self, id: u32) -> Vec<T> {
        self.free.push(id);
        core::mem::take(&mut self.nodes[id as usize])
    }

    fn get(&self, id: u32) -> &[T] {
        &self.nodes[id as usize]
    }

    fn edit(&mut self, id: u32) -> &mut Vec<T> {
        &mut self.nodes[id as usize]
    }
}

/// The way from the root to a leaf: inner nodes, and which child of each.
#[derive(Debug, Clone, Copy)]
struct Path {
    steps: [(u32, u8); LEVELS],
    len: usize,
    leaf: u32,
}

impl Path {
    const fn new(leaf: u32) -> Self {
        Self { steps: [(0, 0); LEVELS], len: 0, leaf }
    }

    fn push(&mut self, node: u32, index: usize) {
        if let (Some(step), Ok(index)) = (self.steps.get_mut(self.len), u8::try_from(index)) {
            *step = (node, index);
            self.len += 1;
        }
    }
}

/// What an edit did to its leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    /// It grew, at its end or before.
    Grew { at_end: bool },
    /// It became smaller, or stayed as long as it was.
    Shrank,
}

#[derive(Debug, Clone)]
pub(super) struct Tree {
    leaves: Arena<Item>,
    inners: Arena<Entry>,
    root: u32,
    /// How many levels of inner nodes there are.
    height: usize,
    count: u32,
    /// Messages whose UID is known.
    known: u32,
    /// Messages of which something is known.
    tracked: u32,
    #[cfg(test)]
    steps: alloc::sync::Arc<core::sync::atomic::AtomicU64>,
}

impl Tree {
    pub(super) fn new() -> Self {
        let mut leaves = Arena::new();
        let root = leaves.add(Vec::new());
        Self {
            leaves,
            inners: Arena::new(),
            root,
            height: 0,
            count: 0,
            known: 0,
            tracked: 0,
            #[cfg(test)]
            steps: alloc::sync::Arc::default(),
        }
    }

    /// Messages of which nothing is known.
    pub(super) fn unknown(count: u32) -> Self {
        let mut tree = Self::new();
        tree.insert_run(0, count);
        tree
    }

    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    pub(super) const fn known(&self) -> u32 {
        self.known
    }

    pub(super) const fn tracked(&self) -> u32 {
        self.tracked
    }

    /// How many levels of inner nodes there are, for the tests.
    #[cfg(test)]
    pub(super) const fn height(&self) -> usize {
        self.height
    }

    /// How many nodes and items were looked at, for the tests.
    #[cfg(test)]
    pub(super) fn steps(&self) -> u64 {
        self.steps.load(core::sync::atomic::Ordering::Relaxed)
    }

    #[inline]
    fn step(&self, _items: usize) {
        #[cfg(test)]
        self.steps.fetch_add(_items as u64, core::sync::atomic::Ordering::Relaxed);
    }

    /// The octets that it holds, for the tests.
    #[cfg(test)]
    pub(super) fn octets(&self) -> usize {
        let leaves: usize = self.leaves.nodes.iter().map(|leaf| leaf.capacity() * size_of::<Item>()).sum();
        let inners: usize = self.inners.nodes.iter().map(|node| node.capacity() * size_of::<Entry>()).sum();
        let nodes = self.leaves.nodes.capacity() + self.inners.nodes.capacity();
        leaves + inners + nodes * size_of::<Vec<u8>>() + self.leaves.free.capacity() * 4
    }

    // ---- searches ----

    /// The leaf of a place, and the place in it. Of the end it is the end of the last leaf.
    fn seek(&self, place: u32) -> (Path, u32) {
        let mut path = Path::new(self.root);
        let mut rest = place;
        for _ in 0..self.height {
            let entries = self.inners.get(path.leaf);
            let mut index = 0;
            while index + 1 < entries.len() && rest >= entries[index].count {
                rest -= entries[index].count;
                index += 1;
            }
            self.step(index + 1);
            path.push(path.leaf, index);
            path.leaf = entries[index].child;
        }
        (path, rest)
    }

    /// The item of a place in a leaf, and the place in the item. Of the end it is the number of items.
    fn item(&self, leaf: u32, mut rest: u32) -> (usize, u32) {
        let items = self.leaves.get(leaf);
        for (index, item) in items.iter().enumerate() {
            if rest < item.weight() {
                self.step(index + 1);
                return (index, rest);
            }
            rest -= item.weight();
        }
        self.step(items.len());
        (items.len(), 0)
    }

    /// What is known of the message in a place; `None` beyond the end.
    pub(super) fn get(&self, place: u32) -> Option<Slot> {
        let (path, rest) = self.seek(place);
        let (index, _) = self.item(path.leaf, rest);
        self.leaves.get(path.leaf).get(index).map(|item| item.slot())
    }

    /// The first message whose known UID is not smaller.
    pub(super) fn find(&self, uid: u32) -> Option<(u32, Slot)> {
        let uid = uid.max(1);
        let mut node = self.root;
        let mut place = 0;
        for _ in 0..self.height {
            let entries = self.inners.get(node);
            let index = entries.iter().position(|entry| entry.last >= uid)?;
            place += entries[..index].iter().map(|entry| entry.count).sum::<u32>();
            self.step(index + 1);
            node = entries[index].child;
        }
        for item in self.leaves.get(node) {
            self.step(1);
            if item.uid() >= uid {
                return Some((place, item.0));
            }
            place += item.weight();
        }
        None
    }

    /// The place and what is known of the message with a UID.
    pub(super) fn find_exactly(&self, uid: u32) -> Option<(u32, Slot)> {
        self.find(uid).filter(|(_, slot)| slot.uid == uid)
    }

    /// How many messages stand before the first whose known UID is not smaller.
    pub(super) fn rank(&self, uid: u32) -> u32 {
        self.find(uid).map_or(self.count, |(place, _)| place)
    }

    /// The largest known UID that is smaller; 0 if there is none.
    pub(super) fn uid_below(&self, uid: u32) -> u32 {
        let mut node = self.root;
        let mut best = 0;
        for _ in 0..self.height {
            let entries = self.inners.get(node);
            let found = entries.iter().position(|entry| entry.last >= uid);
            self.step(found.unwrap_or(entries.len()));
            let before = &entries[..found.unwrap_or(entries.len())];
            if let Some(entry) = before.iter().rev().find(|entry| entry.last > 0) {
                best = entry.last;
            }
            match found {
                Some(index) => node = entries[index].child,
                None => return best,
            }
        }
        let items = self.leaves.get(node);
        self.step(items.len());
        items.iter().rev().map(|item| item.uid()).find(|&known| known > 0 && known < uid).unwrap_or(best)
    }

    /// The largest known UID before a place; 0 if there is none.
    pub(super) fn uid_before(&self, place: u32) -> u32 {
        let mut node = self.root;
        let mut rest = place;
        let mut best = 0;
        for _ in 0..self.height {
            let entries = self.inners.get(node);
            let mut index = 0;
            while index + 1 < entries.len() && rest >= entries[index].count {
                rest -= entries[index].count;
                best = best.max(entries[index].last);
                index += 1;
            }
            self.step(index + 1);
            node = entries[index].child;
        }
        for item in self.leaves.get(node) {
            self.step(1);
            if rest < item.weight() {
                break;
            }
            rest -= item.weight();
            best = best.max(item.uid());
        }
        best
    }

    /// The last UID of those that are known and stand together from a place on, as far as one leaf goes; 0 if it is not known there.
    pub(super) fn stretch(&self, place: u32) -> u32 {
        let (path, rest) = self.seek(place);
        let (index, _) = self.item(path.leaf, rest);
        let items = self.leaves.get(path.leaf).get(index..).unwrap_or_default();
        let known = items.iter().map(|item| item.uid()).take_while(|uid| *uid > 0);
        known.last().unwrap_or(0)
    }

    // ---- edits ----

    /// Sets what is known of the message in a place. Nothing happens beyond the end.
    pub(super) fn set(&mut self, place: u32, slot: Slot) {
        let (path, rest) = self.seek(place);
        let (index, offset) = self.item(path.leaf, rest);
        let items = self.leaves.edit(path.leaf);
        let Some(&old) = items.get(index) else { return };
        let before = items.len();
        let new = Item::of(slot);
        if !old.is_run() {
            items[index] = new;
            unite(items, index);
        } else if !new.is_run() {
            let behind = old.weight() - offset - 1;
            let mut parts = [Item::run(offset), new, Item::run(behind)];
            // only those that are not empty
            let from = usize::from(offset == 0);
            let to = if behind == 0 { 2 } else { 3 };
            let parts = &mut parts[from..to];
            grow(items, parts.len() - 1);
            items.splice(index..=index, parts.iter().copied());
        }
        self.known = self.known - u32::from(old.uid() > 0) + u32::from(new.uid() > 0);
        self.tracked = self.tracked - u32::from(!old.is_run()) + u32::from(!new.is_run());
        let items = self.leaves.get(path.leaf);
        let edit = match items.len() > before {
            // what was put in, and a rest of a run behind it
            true => Edit::Grew { at_end: index + 3 >= items.len() },
            false => Edit::Shrank,
        };
        if old.uid() != new.uid() || items.len() != before {
            self.repair(&path, edit);
        }
    }

    /// Puts a message, of which something is known, before a place.
    pub(super) fn insert(&mut self, place: u32, slot: Slot) {
        self.put(place, Item::of(slot));
    }

    /// Puts messages, of which nothing is known, before a place.
    pub(super) fn insert_run(&mut self, place: u32, len: u32) {
        if len > 0 {
            self.put(place, Item::run(len));
        }
    }

    fn put(&mut self, place: u32, new: Item) {
        let Some(count) = self.count.checked_add(new.weight()) else { return };
        let (path, rest) = self.seek(place.min(self.count));
        let (index, offset) = self.item(path.leaf, rest);
        let items = self.leaves.edit(path.leaf);
        let before = items.len();
        if new.is_run() && index < before && items[index].is_run() {
            items[index].0.uid += new.weight();
        } else if new.is_run() && index > 0 && offset == 0 && items[index - 1].is_run() {
            items[index - 1].0.uid += new.weight();
        } else if offset == 0 {
            grow(items, 1);
            items.insert(index, new);
        } else {
            let behind = items[index].weight() - offset;
            grow(items, 2);
            items[index] = Item::run(offset);
            items.splice(index + 1..index + 1, [new, Item::run(behind)]);
        }
        self.count = count;
        self.known += u32::from(new.uid() > 0);
        self.tracked += u32::from(!new.is_run());
        let len = self.leaves.get(path.leaf).len();
        self.repair(&path, Edit::Grew { at_end: index + 3 >= len });
    }

    /// Takes out some messages from a place on, as many as there are, and shows each of which something was known.
    pub(super) fn remove(&mut self, place: u32, mut len: u32, mut seen: impl FnMut(Slot)) {
        while len > 0 {
            let (path, rest) = self.seek(place);
            let (index, offset) = self.item(path.leaf, rest);
            let items = self.leaves.edit(path.leaf);
            let Some(&first) = items.get(index) else { return };
            let gone;
            if first.is_run() {
                gone = len.min(first.weight() - offset);
                if gone == first.weight() {
                    items.remove(index);
                } else {
                    items[index].0.uid -= gone;
                }
            } else {
                let end = items.len().min(index.saturating_add(len as usize));
                let stretch = items[index..end].iter().take_while(|item| !item.is_run()).count();
                // not more than `len`
                gone = u32::try_from(stretch).unwrap_or(len);
                for item in items.drain(index..index + stretch) {
                    self.known -= u32::from(item.0.uid > 0);
                    self.tracked -= 1;
                    seen(item.0);
                }
            }
            unite(items, index);
            len -= gone;
            self.count -= gone;
            self.repair(&path, Edit::Shrank);
        }
    }

    /// Takes out messages with known UIDs up to `last` that stand together from a place on, as far as one leaf goes: how many, and the
    /// last UID of them.
    pub(super) fn remove_known(&mut self, place: u32, last: u32, mut seen: impl FnMut(Slot)) -> (u32, u32) {
        let (path, rest) = self.seek(place);
        let (index, _) = self.item(path.leaf, rest);
        let items = self.leaves.edit(path.leaf);
        let stretch = items[index..].iter().take_while(|item| item.uid() > 0 && item.uid() <= last).count();
        let mut uid = 0;
        let mut gone = 0;
        for item in items.drain(index..index + stretch) {
            uid = item.0.uid;
            gone += 1;
            seen(item.0);
        }
        self.count -= gone;
        self.known -= gone;
        self.tracked -= gone;
        if gone > 0 {
            unite(items, index);
            self.repair(&path, Edit::Shrank);
        }
        (gone, uid)
    }

    // ---- balance ----

    fn leaf_entry(&self, child: u32) -> Entry {
        let items = self.leaves.get(child);
        self.step(items.len());
        let count = items.iter().map(|item| item.weight()).sum();
        let last = items.iter().rev().map(|item| item.uid()).find(|&uid| uid > 0);
        Entry { child, count, last: last.unwrap_or(0) }
    }

    fn inner_entry(&self, child: u32) -> Entry {
        let entries = self.inners.get(child);
        self.step(entries.len());
        let count = entries.iter().map(|entry| entry.count).sum();
        let last = entries.iter().map(|entry| entry.last).max();
        Entry { child, count, last: last.unwrap_or(0) }
    }

    /// After an edit of a leaf: makes the nodes above it right, and every node neither too full nor too empty.
    fn repair(&mut self, path: &Path, edit: Edit) {
        for (level, &(inner, index)) in path.steps[..path.len].iter().enumerate().rev() {
            if level + 1 == path.len {
                self.repair_leaf(inner, index.into(), edit);
            } else {
                self.repair_inner(inner, index.into());
            }
        }
        if self.height == 0 {
            if self.leaves.get(self.root).len() > LEAF {
                let right = self.cut_leaf(self.root, edit);
                let entries = [self.leaf_entry(self.root), self.leaf_entry(right)];
                self.root = self.inners.add(entries.into());
                self.height = 1;
            }
            return;
        }
        if self.inners.get(self.root).len() > FAN {
            let right = self.cut_inner(self.root, false);
            let entries = [self.inner_entry(self.root), self.inner_entry(right)];
            self.root = self.inners.add(entries.into());
            self.height += 1;
        }
        while let ([only], 1..) = (self.inners.get(self.root), self.height) {
            let child = only.child;
            let _ = self.inners.take(self.root);
            self.root = child;
            self.height -= 1;
        }
    }

    /// Cuts off a part of a leaf: half of it, or what is too much where it grew at its end, as in messages that are told in their order.
    fn cut_leaf(&mut self, leaf: u32, edit: Edit) -> u32 {
        let items = self.leaves.edit(leaf);
        let at = if edit == (Edit::Grew { at_end: true }) { LEAF } else { items.len() / 2 };
        let behind = items.split_off(at);
        self.leaves.add(behind)
    }

    fn cut_inner(&mut self, node: u32, at_end: bool) -> u32 {
        let entries = self.inners.edit(node);
        let at = if at_end { entries.len() - MIN_FAN } else { entries.len() / 2 };
        let behind = entries.split_off(at);
        self.inners.add(behind)
    }

    fn repair_leaf(&mut self, parent: u32, index: usize, edit: Edit) {
        let entries = self.inners.get(parent);
        let (leaf, siblings) = (entries[index].child, entries.len());
        let len = self.leaves.get(leaf).len();
        if len > LEAF {
            let next = entries.get(index + 1).map(|entry| entry.child);
            let spare = next.filter(|&next| {
                edit == (Edit::Grew { at_end: true }) && self.leaves.get(next).len() + len - LEAF <= LEAF / 2
            });
            if let Some(next) = spare {
                let behind = self.leaves.edit(leaf).split_off(LEAF);
                let items = self.leaves.edit(next);
                grow(items, behind.len());
                let joint = behind.len();
                items.splice(..0, behind);
                unite_at(items, joint);
                self.inners.edit(parent)[index + 1] = self.leaf_entry(next);
            } else {
                let right = self.cut_leaf(leaf, edit);
                let entry = self.leaf_entry(right);
                self.inners.edit(parent).insert(index + 1, entry);
            }
        } else if len < MIN_LEAF && siblings > 1 {
            let left = index.saturating_sub(1);
            let entries = self.inners.get(parent);
            let (one, other) = (entries[left].child, entries[left + 1].child);
            let total = self.leaves.get(one).len() + self.leaves.get(other).len();
            if total <= LEAF {
                let mut behind = self.leaves.take(other);
                let items = self.leaves.edit(one);
                grow(items, behind.len());
                let joint = items.len();
                items.append(&mut behind);
                unite_at(items, joint);
                self.inners.edit(parent).remove(left + 1);
                self.inners.edit(parent)[left] = self.leaf_entry(one);
                return;
            }
            if edit == Edit::Shrank {
                let mut behind = core::mem::take(self.leaves.edit(other));
                let items = self.leaves.edit(one);
                let before = items.len();
                level(items, &mut behind, total / 2);
                // where the two touched
                if before <= items.len() {
                    unite_at(items, before);
                } else {
                    unite_at(&mut behind, before - items.len());
                }
                *self.leaves.edit(other) = behind;
                let entries = [self.leaf_entry(one), self.leaf_entry(other)];
                self.inners.edit(parent)[left..left + 2].copy_from_slice(&entries);
                return;
            }
        }
        self.inners.edit(parent)[index] = self.leaf_entry(leaf);
    }

    fn repair_inner(&mut self, parent: u32, index: usize) {
        let entries = self.inners.get(parent);
        let (node, siblings) = (entries[index].child, entries.len());
        let len = self.inners.get(node).len();
        if len > FAN {
            let right = self.cut_inner(node, index + 1 == siblings);
            let entry = self.inner_entry(right);
            self.inners.edit(parent).insert(index + 1, entry);
        } else if len < MIN_FAN && siblings > 1 {
            let left = index.saturating_sub(1);
            let entries = self.inners.get(parent);
            let (one, other) = (entries[left].child, entries[left + 1].child);
            let total = self.inners.get(one).len() + self.inners.get(other).len();
            let mut behind = core::mem::take(self.inners.edit(other));
            if total <= FAN {
                let _ = self.inners.take(other);
                self.inners.edit(one).append(&mut behind);
                self.inners.edit(parent).remove(left + 1);
                self.inners.edit(parent)[left] = self.inner_entry(one);
            } else {
                level(self.inners.edit(one), &mut behind, total / 2);
                *self.inners.edit(other) = behind;
                let entries = [self.inner_entry(one), self.inner_entry(other)];
                self.inners.edit(parent)[left..left + 2].copy_from_slice(&entries);
            }
            return;
        }
        self.inners.edit(parent)[index] = self.inner_entry(node);
    }

    // ---- all ----

    /// From a place on: runs and single messages, each with its place and how many it stands for.
    pub(super) fn iter(&self, from: u32) -> Iter<'_> {
        Iter { tree: self, place: from, items: &[] }
    }

    /// Whether everything that the tree keeps is right, for the tests.
    #[cfg(test)]
    pub(super) fn check(&self) {
        let mut leaves = 0;
        let mut inners = 0;
        let entry = self.check_node(self.root, self.height, true, &mut leaves, &mut inners);
        assert_eq!(entry.count, self.count);
        assert_eq!(leaves + self.leaves.free.len(), self.leaves.nodes.len());
        assert_eq!(inners + self.inners.free.len(), self.inners.nodes.len());
        let (mut last, mut known, mut tracked) = (0, 0, 0);
        for (_, _, slot) in self.iter(0) {
            if let Some(slot) = slot {
                tracked += 1;
                known += u32::from(slot.uid > 0);
                assert!(slot.uid == 0 || slot.uid > last, "{} behind {last}", slot.uid);
                last = last.max(slot.uid);
            }
        }
        assert_eq!((known, tracked), (self.known, self.tracked));
    }

    #[cfg(test)]
    fn check_node(
        &self,
        node: u32,
        height: usize,
        root: bool,
        leaves: &mut usize,
        inners: &mut usize,
    ) -> Entry {
        if height == 0 {
            *leaves += 1;
            let items = self.leaves.get(node);
            assert!(items.len() <= LEAF && (root || !items.is_empty()));
            assert!(items.iter().all(|item| item.weight() > 0 && *item != Item(Slot::default())));
            assert!(items.windows(2).all(|pair| !pair[0].is_run() || !pair[1].is_run()));
            return self.leaf_entry(node);
        }
        *inners += 1;
        let entries = self.inners.get(node);
        assert!(entries.len() <= FAN && entries.len() >= if root { 2 } else { MIN_FAN });
        for entry in entries {
            let found = self.check_node(entry.child, height - 1, false, leaves, inners);
            assert_eq!((found.count, found.last), (entry.count, entry.last));
        }
        self.inner_entry(node)
    }
}

/// Room for some more items; a leaf that is full has no room to spare.
fn grow(items: &mut Vec<Item>, more: usize) {
    let needed = items.len() + more;
    if needed > items.capacity() {
        let wanted = needed.max((items.capacity() * 2).clamp(4, LEAF + 2));
        items.reserve_exact(wanted - items.len());
    }
}

/// Makes one run of those around an item.
fn unite(items: &mut Vec<Item>, index: usize) {
    unite_at(items, index + 1);
    unite_at(items, index);
}

/// Makes one run of two that touch.
fn unite_at(items: &mut Vec<Item>, index: usize) {
    if index == 0 || index >= items.len() || !items[index - 1].is_run() || !items[index].is_run() {
        return;
    }
    items[index - 1].0.uid += items[index].weight();
    items.remove(index);
}

/// Moves content between two neighbours, so that the first has `len`.
fn level<T: Copy>(one: &mut Vec<T>, other: &mut Vec<T>, len: usize) {
    if one.len() > len {
        other.splice(..0, one.drain(len..));
    } else {
        let more = (len - one.len()).min(other.len());
        one.extend(other.drain(..more));
    }
}

#[derive(Debug, Clone)]
pub(super) struct Iter<'t> {
    tree: &'t Tree,
    place: u32,
    items: &'t [Item],
}

impl Iterator for Iter<'_> {
    type Item = (u32, u32, Option<Slot>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut skip = 0;
        if self.items.is_empty() {
            if self.place >= self.tree.count {
                return None;
            }
            let (path, rest) = self.tree.seek(self.place);
            let (index, offset) = self.tree.item(path.leaf, rest);
            skip = offset;
            self.items = self.tree.leaves.get(path.leaf).get(index..)?;
        }
        let (&item, rest) = self.items.split_first()?;
        self.items = rest;
        let (place, len) = (self.place, item.weight() - skip);
        self.place = place.saturating_add(len);
        Some((place, len, (!item.is_run()).then_some(item.0)))
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "the numbers are small")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Op {
        Set(u32, bool),
        Clear(u32),
        Run(u32, u32),
        Insert(u32),
        Remove(u32, u32),
        RemoveKnown(u32, u32),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            8 => (any::<u32>(), any::<bool>()).prop_map(|(place, uid)| Op::Set(place, uid)),
            1 => any::<u32>().prop_map(Op::Clear),
            2 => (any::<u32>(), 1..40u32).prop_map(|(place, len)| Op::Run(place, len)),
            4 => any::<u32>().prop_map(Op::Insert),
            2 => (any::<u32>(), 1..30u32).prop_map(|(place, len)| Op::Remove(place, len)),
            1 => (any::<u32>(), any::<u32>()).prop_map(|(place, last)| Op::RemoveKnown(place, last)),
        ]
    }

    /// A UID that fits a place of the model, which has them far apart.
    fn fitting(model: &[Slot], place: usize, len: usize) -> Option<u32> {
        let before = model[..place].iter().rev().find(|slot| slot.uid > 0).map_or(0, |slot| slot.uid);
        let after = model[place + len..].iter().find(|slot| slot.uid > 0).map_or(1 << 31, |slot| slot.uid);
        let uid = before + (after - before) / 2;
        (uid > before && uid < after).then_some(uid)
    }

    fn compare(tree: &Tree, model: &[Slot]) {
        tree.check();
        let mut all = Vec::new();
        for (place, len, slot) in tree.iter(0) {
            assert_eq!(place as usize, all.len());
            all.extend((0..len).map(|_| slot.unwrap_or_default()));
        }
        assert_eq!(all, model);
        for place in (0..=model.len() + 1).step_by(7) {
            assert_eq!(tree.get(place as u32), model.get(place).copied());
            let before = model[..place.min(model.len())].iter().map(|slot| slot.uid).max().unwrap_or(0);
            assert_eq!(tree.uid_before(place as u32), before);
        }
        for (place, slot) in model.iter().enumerate().filter(|(_, slot)| slot.uid > 0).step_by(5) {
            assert_eq!(tree.find(slot.uid), Some((place as u32, *slot)));
            let next = model[place + 1..].iter().position(|slot| slot.uid > 0).map(|n| n + place + 1);
            assert_eq!(tree.find(slot.uid + 1), next.map(|n| (n as u32, model[n])));
            let below = model[..place].iter().map(|slot| slot.uid).max().unwrap_or(0);
            assert_eq!(tree.uid_below(slot.uid), below);
            assert_eq!(tree.uid_below(slot.uid + 1), slot.uid);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn does_what_a_vector_does(ops in proptest::collection::vec(op(), 0..1500)) {
            let mut tree = Tree::new();
            let mut model: Vec<Slot> = Vec::new();
            for (n, op) in ops.into_iter().enumerate() {
                let at = |place: u32, len: usize| if len == 0 { 0 } else { place as usize % len };
                match op {
                    Op::Set(place, with_uid) if !model.is_empty() => {
                        let place = at(place, model.len());
                        let mut slot = Slot { flags: 0x80 | (n as u32 & 0x3f), mod_seq: n as u64, ..model[place] };
                        if let (0, true, Some(uid)) = (slot.uid, with_uid, fitting(&model, place, 1)) {
                            slot.uid = uid;
                        }
                        model[place] = slot;
                        tree.set(place as u32, slot);
                    }
                    Op::Clear(place) if !model.is_empty() => {
                        let place = at(place, model.len());
                        model[place] = Slot::default();
                        tree.set(place as u32, Slot::default());
                    }
                    Op::Run(place, len) => {
                        let place = at(place, model.len() + 1);
                        model.splice(place..place, (0..len).map(|_| Slot::default()));
                        tree.insert_run(place as u32, len);
                    }
                    Op::Insert(place) => {
                        let place = at(place, model.len() + 1);
                        let Some(uid) = fitting(&model, place, 0) else { continue };
                        let slot = Slot { uid, flags: 0, mod_seq: 0 };
                        model.insert(place, slot);
                        tree.insert(place as u32, slot);
                    }
                    Op::Remove(place, len) if !model.is_empty() => {
                        let place = at(place, model.len());
                        let end = model.len().min(place + len as usize);
                        let expected: Vec<_> = model.drain(place..end).filter(|slot| *slot != Slot::default()).collect();
                        let mut seen = Vec::new();
                        tree.remove(place as u32, len, |slot| seen.push(slot));
                        prop_assert_eq!(seen, expected);
                    }
                    Op::RemoveKnown(place, last) if !model.is_empty() => {
                        let place = at(place, model.len());
                        let mut seen = Vec::new();
                        let (gone, uid) = tree.remove_known(place as u32, last, |slot| seen.push(slot));
                        prop_assert_eq!(gone as usize, seen.len());
                        let expected: Vec<_> = model.drain(place..place + gone as usize).collect();
                        prop_assert_eq!(uid, expected.last().map_or(0, |slot| slot.uid));
                        prop_assert_eq!(seen, expected);
                    }
                    _ => {}
                }
                prop_assert_eq!(tree.count() as usize, model.len());
                if n % 50 == 0 {
                    compare(&tree, &model);
                }
            }
            compare(&tree, &model);
            // and all away again
            while tree.count() > 0 {
                tree.remove(tree.count() / 2, 3, |_| {});
                tree.remove(0, 1, |_| {});
            }
            compare(&tree, &[]);
        }
    }

    #[test]
    fn as_many_as_there_can_be() {
        let mut tree = Tree::unknown(u32::MAX);
        tree.insert_run(0, 1);
        assert_eq!(tree.count(), u32::MAX);
        let slot = Slot { uid: u32::MAX, flags: 0, mod_seq: 0 };
        tree.set(u32::MAX - 1, slot);
        assert_eq!(tree.find(1), Some((u32::MAX - 1, slot)));
        assert_eq!(tree.uid_before(u32::MAX), u32::MAX);
        tree.set(u32::MAX, slot);
        tree.check();
        tree.remove(0, u32::MAX, |_| {});
        assert_eq!((tree.count(), tree.known(), tree.tracked()), (0, 0, 0));
        tree.check();
    }
}
