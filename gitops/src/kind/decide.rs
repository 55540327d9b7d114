//! What a create is to do with what it finds. Pure.

use super::{Error, Id, Journal, Mark};

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing is there.
    Fresh,
    /// An earlier create finished it, of the same spec.
    Adopt(Id),
    /// An earlier create of ours was interrupted.
    Remake,
}

/// Compares the journal with the mark on the nodes. Only what the journal shows to be ours is ever deleted, and
/// what was finished is not deleted here at all.
pub(super) fn decide(
    name: &str,
    spec: &str,
    journal: Option<&Journal>,
    mark: Mark,
) -> Result<Decision, Error> {
    let journal = journal.filter(|journal| journal.name == name);
    let taken = |id: Option<String>| Err(Error::Taken { name: name.to_owned(), id });
    match (mark, journal) {
        (Mark::NoNodes, _) => Ok(Decision::Fresh),
        (Mark::Id(id), Some(journal)) if journal.id == id => match (journal.finished, journal.spec == spec) {
            (false, _) => Ok(Decision::Remake),
            (true, true) => Ok(Decision::Adopt(id)),
            (true, false) => Err(Error::OtherSpec { name: name.to_owned() }),
        },
        (Mark::Id(id), _) => taken(Some(id.to_string())),
        // The journal was begun when no such nodes existed, so nodes too young to carry a mark are ours.
        (Mark::Unknown, Some(journal)) if !journal.finished => Ok(Decision::Remake),
        (Mark::Unknown, _) => Err(Error::HalfMade { name: name.to_owned() }),
        (Mark::None, _) => taken(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ours_is_taken_up_or_made_again() {
        let id = |id: &str| Mark::Id(Id::parse(id));
        let journal = |id: &str, finished| {
            Some(Journal { name: "dev".into(), id: Id::parse(id), spec: "s1".into(), finished })
        };
        let cases: [(&str, Mark, Option<Journal>, &str); 13] = [
            ("nothing anywhere", Mark::NoNodes, None, "Fresh"),
            ("journal before `kind create`", Mark::NoNodes, journal("e-1", false), "Fresh"),
            ("deleted by hand", Mark::NoNodes, journal("e-1", true), "Fresh"),
            ("killed before the nodes were configured", Mark::Unknown, journal("e-1", false), "Remake"),
            ("killed in the middle", id("e-1"), journal("e-1", false), "Remake"),
            ("killed after the end", id("e-1"), journal("e-1", true), "Adopt"),
            ("somebody makes one right now", Mark::Unknown, None, "HalfMade"),
            ("somebody makes one in the place of ours", Mark::Unknown, journal("e-1", true), "HalfMade"),
            ("a stranger's", Mark::None, None, "Taken"),
            ("a stranger's in the place of our half-made one", Mark::None, journal("e-1", false), "Taken"),
            ("another state's", id("e-2"), None, "Taken"),
            ("another state's in the place of ours", id("e-2"), journal("e-1", true), "Taken"),
            ("another state's in the place of our half-made one", id("e-2"), journal("e-1", false), "Taken"),
        ];
        for (what, mark, journal, expected) in cases {
            let found = match decide("dev", "s1", journal.as_ref(), mark) {
                Ok(decision) => format!("{decision:?}"),
                Err(error) => format!("{error:?}"),
            };
            assert!(found.starts_with(expected), "{what}: {found}");
        }
        let other_spec = decide("dev", "s2", journal("e-1", true).as_ref(), id("e-1"));
        assert!(matches!(other_spec, Err(Error::OtherSpec { .. })), "{other_spec:?}");
        let other_name = decide("prod", "s1", journal("e-1", false).as_ref(), Mark::Unknown);
        assert!(matches!(other_name, Err(Error::HalfMade { .. })), "{other_name:?}");
    }
}
