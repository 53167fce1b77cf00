//! Reads lists page by page, and always comes to an end.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::vendors::lenient::Row;
use crate::vendors::transport::Transport;

use super::client::Client;
use super::refusal::{Reaction, Refusal};
use super::request::{self, Operation};
use super::wire::Page;

/// Items in a page. Shrinks when the server finds an answer too heavy, and grows back slowly.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageSize {
    count: u32,
    /// As configured.
    most: u32,
    /// Reads in a row that were not too heavy.
    light: u32,
}

/// What a list brought.
#[derive(Debug)]
pub(super) struct Listing<T> {
    /// Elements, newest first, as they came.
    pub items: Vec<T>,
    /// Elements that could not be read.
    pub rejected: u32,
    /// How it ended.
    pub end: End,
}

/// How a list ended.
#[derive(Debug)]
pub(super) enum End {
    /// With its last page.
    Complete,
    /// The server repeats itself or has no end; what came is kept.
    Endless(&'static str),
    /// A page was refused; what came before is kept.
    Refused(Box<Refusal>),
}

/// Fewest items in a page, however heavy they are, unless fewer are configured.
const FEWEST: u32 = 50;
/// Light reads before a page grows again.
const GROW_AFTER: u32 = 10;
/// A list of more pages is no list, however small they are.
const MOST_PAGES: usize = 100;
/// Nor is one of more items: a chain of a thousand hotels has fewer counters. A server without an
/// end is left before its pages have to wait for the pace of requests.
const MOST_ITEMS: usize = 20_000;

impl PageSize {
    /// Pages of at most `most` items; the vendor allows 1000.
    pub(super) fn new(most: u32) -> Self {
        Self {
            count: most,
            most,
            light: 0,
        }
    }

    /// Items to ask for.
    pub(super) fn count(self) -> u32 {
        self.count
    }

    /// Halves the page; `false` when it cannot be smaller.
    pub(super) fn too_heavy(&mut self) -> bool {
        self.light = 0;
        let fewest = FEWEST.min(self.most);
        if self.count == fewest {
            return false;
        }
        self.count = (self.count / 2).max(fewest);
        true
    }

    fn was_light(&mut self) {
        if self.count == self.most {
            return;
        }
        self.light += 1;
        if self.light >= GROW_AFTER {
            self.light = 0;
            self.count = (self.count * 2).min(self.most);
        }
    }
}

/// Decides after each page whether there is another.
#[derive(Debug, Default)]
struct Guard {
    cursors: BTreeSet<String>,
    ids: BTreeSet<String>,
    pages: usize,
}

/// What comes after a page.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Page(String),
    Complete,
    Endless(&'static str),
}

impl Guard {
    /// Takes note of a page: how many items were asked for and came, which ids, and its cursor.
    ///
    /// The last page that has items still has a cursor (vendor documentation), so a short page is
    /// the usual end.
    fn after(
        &mut self,
        asked: u32,
        came: usize,
        ids: impl IntoIterator<Item = String>,
        cursor: Option<String>,
    ) -> Next {
        self.pages += 1;
        let before = self.ids.len();
        self.ids.extend(ids);
        let news = self.ids.len() > before;
        let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else {
            return Next::Complete;
        };
        if came < asked as usize {
            return Next::Complete;
        }
        if !self.cursors.insert(cursor.clone()) {
            return Next::Endless("the server gives the same cursor again");
        }
        if !news {
            return Next::Endless("the server gives the same page again");
        }
        if self.pages >= MOST_PAGES || self.ids.len() >= MOST_ITEMS {
            return Next::Endless("the server gives page after page");
        }
        Next::Page(cursor)
    }
}

/// Reads a whole list.
pub(super) async fn read<P: Page>(
    client: &mut Client,
    transport: &Transport,
    operation: Operation,
    wanted: &Json,
    size: &mut PageSize,
) -> Listing<P::Item> {
    let mut guard = Guard::default();
    let mut listing = Listing {
        items: Vec::new(),
        rejected: 0,
        end: End::Complete,
    };
    let mut cursor: Option<String> = None;
    let mut repeated = false;
    loop {
        let asked = size.count();
        let body = request::page(wanted, asked, cursor.as_deref());
        let answer = client.ask::<P>(transport, operation, &body).await;
        let (rows, next) = match answer {
            Ok(page) => page.into_parts(),
            Err(mut refusal) => {
                // A cursor may be one of an item that is gone; the list is read from its start.
                if refusal.reaction == Reaction::Stop && cursor.is_some() {
                    refusal.reaction = Reaction::Retry;
                }
                let again = match refusal.reaction {
                    Reaction::Less => size.too_heavy(),
                    Reaction::Again => !std::mem::replace(&mut repeated, true),
                    _ => false,
                };
                if again {
                    continue;
                }
                listing.end = End::Refused(Box::new(refusal));
                return listing;
            }
        };
        let came = rows.len();
        let good: Vec<P::Item> = rows.into_iter().filter_map(Row::good).collect();
        let odd = u32::try_from(came - good.len()).unwrap_or(u32::MAX);
        listing.rejected = listing.rejected.saturating_add(odd);
        let ids: Vec<String> = good.iter().map(|item| P::id(item).to_owned()).collect();
        listing.items.extend(good);
        match guard.after(asked, came, ids, next) {
            Next::Page(next) => cursor = Some(next),
            Next::Complete => break,
            Next::Endless(why) => {
                listing.end = End::Endless(why);
                break;
            }
        }
    }
    size.was_light();
    listing
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
        numbers.into_iter().map(|n| n.to_string()).collect()
    }

    fn cursor(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn a_short_page_or_no_cursor_ends_the_list() {
        let cases = [
            (2, 1, Some(cursor("a"))),
            (2, 0, None),
            (2, 2, None),
            (2, 2, Some(cursor(""))),
            (2, 3, None),
        ];
        for (asked, came, cursor) in cases {
            let mut guard = Guard::default();
            let next = guard.after(asked, came, ids(0..1), cursor.clone());
            assert_eq!(next, Next::Complete, "{asked} {came} {cursor:?}");
        }
    }

    #[test]
    fn a_full_page_has_another_also_when_more_came_than_asked() {
        for came in [2, 5] {
            let next = Guard::default().after(2, came, ids(0..2), Some(cursor("a")));
            assert_eq!(next, Next::Page("a".to_owned()));
        }
    }

    #[test]
    fn a_server_that_repeats_itself_is_left() {
        let mut guard = Guard::default();
        guard.after(2, 2, ids(0..2), Some(cursor("a")));
        let next = guard.after(2, 2, ids(2..4), Some(cursor("a")));
        assert_eq!(
            next,
            Next::Endless("the server gives the same cursor again")
        );

        let mut guard = Guard::default();
        guard.after(2, 2, ids(0..2), Some(cursor("a")));
        let next = guard.after(2, 2, ids(0..2), Some(cursor("b")));
        assert_eq!(next, Next::Endless("the server gives the same page again"));
    }

    #[test]
    fn a_list_without_an_end_is_left_before_it_costs_much() {
        let mut guard = Guard::default();
        let page = |n: u32| {
            guard.after(
                1000,
                1000,
                ids(n * 1000..(n + 1) * 1000),
                Some(cursor(&n.to_string())),
            )
        };
        let pages = (0..100)
            .map(page)
            .take_while(|next| matches!(next, Next::Page(_)));
        assert_eq!(pages.count(), 19);
    }

    proptest! {
        #[test]
        fn every_list_ends(pages in prop::collection::vec((0_usize..3, any::<u32>(), any::<u16>()), 200)) {
            let mut guard = Guard::default();
            let asked = pages.iter().take_while(|(came, id, cursor)| {
                let next = guard.after(1, *came, ids([*id]), Some(cursor.to_string()));
                matches!(next, Next::Page(_))
            });
            prop_assert!(asked.count() < MOST_PAGES);
        }
    }

    #[test]
    fn pages_shrink_to_fifty_and_grow_back_slowly() {
        let mut size = PageSize::new(1000);
        let mut counts = vec![size.count()];
        while size.too_heavy() {
            counts.push(size.count());
        }
        assert_eq!(counts, [1000, 500, 250, 125, 62, 50]);
        for _ in 0..9 {
            size.was_light();
        }
        assert_eq!(size.count(), 50);
        size.was_light();
        assert_eq!(size.count(), 100);
        for _ in 0..40 {
            size.was_light();
        }
        assert_eq!(size.count(), 1000);
        let mut small = PageSize::new(20);
        assert!(!small.too_heavy(), "as small as configured");
        assert_eq!(small.count(), 20);
    }
}
