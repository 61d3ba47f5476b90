//! The responses to one SEARCH, SORT or ESEARCH.

use super::Overflow;
use crate::fetch::PartialRange;
use crate::{Esearch, EsearchItem, NzNumber64, PartialResult, Response, SequenceSet, SetRange, Tag};
use alloc::vec::Vec;
use core::num::NonZeroU32;

/// What a search has found (RFC 9051 sections 7.3.4 and 6.4.4, RFC 4731, RFC 5256, RFC 5267, RFC 9394).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchResult {
    /// All of it: ascending ranges, or, of SORT, in the order that was asked for. `None`: nothing, or it was not told.
    pub all: Option<SequenceSet>,
    /// Whether the server has told all, with SEARCH, SORT or `ALL`: then `all` is `None` if nothing was found. ESEARCH leaves `ALL` out if nothing was
    /// found (RFC 4731 section 3.1), and whether it was asked for knows only the caller.
    pub is_all_told: bool,
    /// An ESEARCH response has said that the numbers are UIDs. Some servers forget to.
    pub uid: bool,
    /// `PARTIAL`: parts of the result.
    pub partial: Vec<PartialResult>,
    /// `MODSEQ`: the highest modification sequence of what was found.
    pub mod_seq: Option<u64>,
    /// `RELEVANCY`: how well each message matches (RFC 6203).
    pub relevancy: Vec<u8>,
    /// What else the server has told, such as `ADDTO` (RFC 5267).
    pub others: Vec<EsearchItem>,
    min: Option<NonZeroU32>,
    max: Option<NonZeroU32>,
    count: Option<u32>,
}

impl SearchResult {
    /// The smallest number; of SORT, the first result. As the server told, or from `all`.
    #[must_use]
    pub fn min(&self) -> Option<NonZeroU32> {
        self.min.or_else(|| self.all.as_ref()?.ranges().next()?.start.number())
    }

    /// The largest number; of SORT, the last result. As the server told, or from `all`.
    #[must_use]
    pub fn max(&self) -> Option<NonZeroU32> {
        self.max.or_else(|| self.all.as_ref()?.ranges().last()?.end.number())
    }

    /// How many messages match: as the server told, or from `all`.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        let counted = || match &self.all {
            Some(all) => all.count(),
            None => self.is_all_told.then_some(0),
        };
        self.count.map(u64::from).or_else(counted)
    }

    /// The part of the result that was asked for with `PARTIAL`; `None` also if there is nothing in this range.
    #[must_use]
    pub fn partial(&self, range: PartialRange) -> Option<&SequenceSet> {
        self.partial.iter().find(|part| part.range == range)?.set.as_ref()
    }
}

/// Makes one [`SearchResult`] of the responses to one command: any number of SEARCH, SORT and ESEARCH, whichever the server uses. Numbers are kept as
/// ranges. Responses that name the tag of another command, or a mailbox (RFC 7377), are not taken.
///
/// ```
/// use imap_proto::collect::SearchCollector;
/// use imap_proto::{Response, Tag};
///
/// let mut found = SearchCollector::new(Some(Tag::new("A282")?), 10_000);
/// for line in [
///     "* ESEARCH (TAG \"A282\") MIN 2 COUNT 3\r\n",
///     "* ESEARCH (TAG \"A283\") MIN 1\r\n",
///     "* 23 EXISTS\r\n",
/// ] {
///     found.push(&Response::parse(&line.into())?);
/// }
/// let found = found.finish()?;
/// assert_eq!((found.min().map(|n| n.get()), found.count()), (Some(2), Some(3)));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SearchCollector {
    tag: Option<Tag>,
    sorted: bool,
    limit: usize,
    ranges: Vec<SetRange>,
    /// Ranges, scores and other items.
    items: usize,
    full: bool,
    result: SearchResult,
}

impl SearchCollector {
    /// For the command with this tag, or for that which is the only search that runs; at most `limit` ranges, scores and other items in all.
    #[must_use]
    pub fn new(tag: Option<Tag>, limit: usize) -> Self {
        let result = SearchResult::default();
        Self { tag, sorted: false, limit, ranges: Vec::new(), items: 0, full: false, result }
    }

    /// The command is SORT: `ALL` of ESEARCH is in the order that was asked for (RFC 5267 section 3), too.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.sorted = true;
        self
    }

    /// Takes a response, if it is one of this search. SEARCH and SORT name no tag: they always are.
    pub fn push(&mut self, response: &Response) -> bool {
        match response {
            Response::Search(search) => self.numbers(&search.numbers, search.mod_seq.map(NzNumber64::get)),
            Response::Sort(sort) => {
                self.sorted = true;
                self.numbers(&sort.numbers, sort.mod_seq.map(NzNumber64::get));
            }
            Response::Esearch(esearch) => return self.esearch(esearch),
            _ => return false,
        }
        true
    }

    /// What was found, when the command has ended.
    ///
    /// # Errors
    /// [`Overflow`]: more than the limit.
    pub fn finish(self) -> Result<SearchResult, Overflow> {
        if self.full {
            return Err(Overflow { limit: self.limit });
        }
        let mut result = self.result;
        let all = SequenceSet::new(self.ranges).ok();
        result.all = if self.sorted { all } else { all.map(|all| all.normalised()) };
        Ok(result)
    }

    fn numbers(&mut self, numbers: &[NonZeroU32], mod_seq: Option<u64>) {
        self.result.is_all_told = true;
        for &number in numbers {
            self.range(SetRange { start: number.into(), end: number.into() });
        }
        self.result.mod_seq = self.result.mod_seq.max(mod_seq);
    }

    fn esearch(&mut self, esearch: &Esearch) -> bool {
        let correlator = &esearch.correlator;
        if correlator.mailbox.is_some() {
            return false;
        }
        if let (Some(theirs), Some(ours)) = (&correlator.tag, &self.tag) {
            if theirs != ours {
                return false;
            }
        }
        let sorted = self.sorted;
        self.result.uid |= esearch.uid;
        for item in &esearch.items {
            let result = &mut self.result;
            match item {
                EsearchItem::Min(number) => {
                    let smaller = result.min.filter(|min| sorted || min <= number);
                    result.min = Some(smaller.unwrap_or(*number));
                }
                EsearchItem::Max(number) => {
                    let larger = result.max.filter(|max| !sorted && *max >= *number);
                    result.max = Some(larger.unwrap_or(*number));
                }
                EsearchItem::Count(count) => result.count = Some(*count),
                EsearchItem::ModSeq(mod_seq) => result.mod_seq = result.mod_seq.max(Some(mod_seq.get())),
                EsearchItem::All(all) => {
                    result.is_all_told = true;
                    for range in all.ranges() {
                        self.range(range);
                    }
                }
                EsearchItem::Partial(partial) => {
                    let ranges = partial.set.as_ref().map_or(0, |set| set.ranges().count());
                    if self.room(ranges.saturating_add(1)) {
                        self.result.partial.push((**partial).clone());
                    }
                }
                EsearchItem::Relevancy(scores) => {
                    if self.room(scores.as_slice().len()) {
                        self.result.relevancy.extend(scores.as_slice());
                    }
                }
                // as large as the response that it came in
                other => {
                    if self.room(1) {
                        self.result.others.push(other.detach());
                    }
                }
            }
        }
        true
    }

    /// Adds a range; it becomes one with the last if it goes on where that ends.
    fn range(&mut self, range: SetRange) {
        if let Some(last) = self.ranges.last_mut() {
            let goes_on = |end: NonZeroU32| end.checked_add(1) == range.start.number();
            // 5,6,7 is 5:7, also in the order of SORT; 7:5 is not to be turned
            if last.start <= last.end && range.start <= range.end && last.end.number().is_some_and(goes_on) {
                last.end = range.end;
                return;
            }
        }
        if self.room(1) {
            self.ranges.push(range);
        }
    }

    /// Whether there is room for some more; if not, nothing is kept any longer.
    fn room(&mut self, more: usize) -> bool {
        self.items = self.items.saturating_add(more);
        if self.items > self.limit {
            self.full = true;
            self.ranges = Vec::new();
            self.result = SearchResult::default();
        }
        !self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};

    fn collect(collector: SearchCollector, lines: &[&str]) -> Result<SearchResult, Overflow> {
        let mut collector = collector;
        for line in lines {
            let line: String = [line, "\r\n"].concat();
            assert!(collector.push(&Response::parse(&line.into()).unwrap()));
        }
        collector.finish()
    }

    fn found(lines: &[&str]) -> SearchResult {
        collect(SearchCollector::new(Some(Tag::new("A1").unwrap()), 1000), lines).unwrap()
    }

    fn all(result: &SearchResult) -> Option<String> {
        result.all.as_ref().map(ToString::to_string)
    }

    fn number(number: Option<NonZeroU32>) -> u32 {
        number.map_or(0, NonZeroU32::get)
    }

    #[test]
    fn numbers_become_ranges() {
        let result = found(&["* SEARCH 2 3 4 84 882 (MODSEQ 7)", "* SEARCH 85 1 (MODSEQ 9)"]);
        assert_eq!(all(&result).as_deref(), Some("1:4,84:85,882"));
        assert_eq!((number(result.min()), number(result.max()), result.count()), (1, 882, Some(7)));
        assert_eq!((result.mod_seq, result.uid, result.is_all_told), (Some(9), false, true));
        let nothing = found(&["* SEARCH"]);
        assert_eq!((nothing.count(), nothing.min(), nothing.is_all_told), (Some(0), None, true));
        // a server that sends SEARCH in place of ESEARCH
        assert_eq!(found(&["* SEARCH 5 6"]).count(), Some(2));
        assert_eq!(found(&[]), SearchResult::default());
    }

    #[test]
    fn esearch_is_put_together() {
        let result = found(&[
            "* ESEARCH (TAG \"A1\") UID MIN 7 MAX 3800 COUNT 15 MODSEQ 1236",
            "* ESEARCH (TAG \"A1\") UID ALL 7,9:12 X-NEW (a b)",
            "* ESEARCH UID ALL 13:15,3800",
        ]);
        assert_eq!(all(&result).as_deref(), Some("7,9:15,3800"));
        assert_eq!((number(result.min()), number(result.max()), result.count()), (7, 3800, Some(15)));
        assert_eq!((result.mod_seq, result.uid, result.others.len()), (Some(1236), true, 1));
        let result = found(&["* ESEARCH (TAG \"A1\") COUNT 0"]);
        assert_eq!((result.count(), result.is_all_told), (Some(0), false));
        assert_eq!(found(&["* ESEARCH (TAG \"A1\")"]).count(), None);
        let result = found(&["* ESEARCH (TAG \"A1\") UID PARTIAL (-1:-100 200:250) PARTIAL (501:600 NIL)"]);
        let of = |n| NonZeroU32::new(n).unwrap();
        let part = result.partial(PartialRange::from_last(of(1), of(100)));
        assert_eq!(part.map(ToString::to_string).as_deref(), Some("200:250"));
        assert_eq!(result.partial(PartialRange::from_first(of(501), of(600))), None);
        let result = found(&["* ESEARCH (TAG \"A1\") ALL 1:3 RELEVANCY (4 99 42)"]);
        assert_eq!(result.relevancy, [4, 99, 42]);
    }

    #[test]
    fn sorted_results_keep_their_order() {
        let result = found(&["* SORT 5 6 3 4 1"]);
        assert_eq!(all(&result).as_deref(), Some("5:6,3:4,1"));
        assert_eq!((number(result.min()), number(result.max())), (5, 1));
        let collector = SearchCollector::new(None, 1000).sorted();
        let result = collect(collector, &["* ESEARCH (TAG \"x\") ALL 9,7:5,8 MIN 9 MAX 8"]).unwrap();
        assert_eq!(all(&result).as_deref(), Some("9,7:5,8"));
        assert_eq!((number(result.min()), number(result.max()), result.count()), (9, 8, Some(5)));
    }

    #[test]
    fn what_is_of_others_is_not_taken() {
        let mut collector = SearchCollector::new(Some(Tag::new("A1").unwrap()), 1000);
        for line in [
            "* ESEARCH (TAG \"A2\") COUNT 5\r\n",
            "* ESEARCH (TAG \"A1\" MAILBOX \"folder1\" UIDVALIDITY 1) UID ALL 4001\r\n",
            "* 5 EXISTS\r\n",
            "A1 OK done\r\n",
        ] {
            assert!(!collector.push(&Response::parse(&line.into()).unwrap()), "{line}");
        }
        assert_eq!(collector.finish(), Ok(SearchResult::default()));
    }

    #[test]
    fn up_to_the_limit() {
        let run = |limit, lines: &[&str]| collect(SearchCollector::new(None, limit), lines).is_ok();
        assert!(run(2, &["* SEARCH 1 2 3 5 6"]));
        assert!(!run(2, &["* SEARCH 1 2 3 5 7"]));
        assert!(!run(2, &["* SEARCH 1 2 3 5", "* SEARCH 9", "* SEARCH"]));
        assert!(run(3, &["* ESEARCH RELEVANCY (1 2 3)"]) && !run(2, &["* ESEARCH RELEVANCY (1 2 3)"]));
        assert!(run(2, &["* ESEARCH PARTIAL (1:2 5)"]) && !run(1, &["* ESEARCH PARTIAL (1:2 5)"]));
        // never expanded
        assert!(run(1, &["* ESEARCH ALL 1:4294967295"]));
    }
}
