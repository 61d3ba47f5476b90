//! What a machine has parsed and not handed out.

use crate::{Diagnostic, Fatal, Step};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// What a step of a machine came to: `None` if it has put events into the queue, or made none.
pub type Stepped<E> = Result<Option<Step<E>>, Fatal>;

/// The events of a machine that were not handed out yet, in wire order, and behind them the error that ends its receive side,
/// which repeats.
///
/// ```
/// use wire::{Events, Fatal, Step};
///
/// # #[derive(Debug, PartialEq)] struct Event(&'static str);
/// # impl From<Box<wire::Diagnostic>> for Event { fn from(_: Box<wire::Diagnostic>) -> Self { Self("diagnostic") } }
/// let mut events = Events::new();
/// assert_eq!(events.emit(Vec::new(), Event("at once")), Some(Step::Event(Event("at once"))));
/// events.push(Event("later"));
/// events.fail(Fatal::TooManyErrors);
/// assert_eq!(events.next(), Some(Ok(Step::Event(Event("later")))));
/// assert_eq!(events.next(), Some(Err(Fatal::TooManyErrors)));
/// assert_eq!(events.next(), Some(Err(Fatal::TooManyErrors)));
/// ```
#[derive(Debug)]
pub struct Events<E> {
    queue: VecDeque<E>,
    failure: Option<Fatal>,
}

impl<E> Default for Events<E> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), failure: None }
    }
}

impl<E: From<Box<Diagnostic>>> Events<E> {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next event, or the failure when there are no more. `None`: the machine has to go on.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "it does not end")]
    pub fn next(&mut self) -> Option<Result<Step<E>, Fatal>> {
        if let Some(event) = self.queue.pop_front() {
            return Some(Ok(Step::Event(event)));
        }
        self.failure.as_ref().map(|failure| Err(failure.clone()))
    }

    /// Goes on until a step comes to something: what every machine's `next_event` does.
    ///
    /// # Errors
    /// The failure, each time.
    #[inline]
    pub fn advance<M>(
        machine: &mut M,
        events: impl Fn(&mut M) -> &mut Self,
        step: impl Fn(&mut M) -> Stepped<E>,
    ) -> Result<Step<E>, Fatal> {
        loop {
            if let Some(next) = events(machine).next() {
                return next;
            }
            match step(machine) {
                Ok(Some(step)) => return Ok(step),
                Ok(None) => {}
                Err(failure) => events(machine).fail(failure),
            }
        }
    }

    /// Ends the receive side, behind the events that are queued.
    pub fn fail(&mut self, failure: Fatal) {
        self.failure = Some(failure);
    }

    /// Why the receive side has ended, if it has.
    #[must_use]
    pub const fn failure(&self) -> Option<&Fatal> {
        self.failure.as_ref()
    }

    /// Appends an event.
    pub fn push(&mut self, event: E) {
        self.queue.push_back(event);
    }

    /// Forgets what was not handed out, because nobody may act on it any more.
    pub fn clear(&mut self) {
        self.queue.clear();
    }

    /// Appends a diagnostic for each repair.
    pub fn remark(&mut self, repairs: Vec<Diagnostic>) {
        self.queue.extend(repairs.into_iter().map(|repair| E::from(Box::new(repair))));
    }

    /// Hands an event out at once if it may, else appends it: what was repaired for it comes first.
    #[inline(always)]
    pub fn emit(&mut self, repairs: Vec<Diagnostic>, event: E) -> Option<Step<E>> {
        // a list without room, as most are, has nothing to drop
        if repairs.capacity() == 0 && self.queue.is_empty() {
            core::mem::forget(repairs);
            return Some(Step::Event(event));
        }
        self.append(repairs, event);
        None
    }

    #[cold]
    fn append(&mut self, repairs: Vec<Diagnostic>, event: E) {
        self.remark(repairs);
        self.push(event);
    }
}
