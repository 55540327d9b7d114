//! What a create and a deletion are to do with what they find. Pure.

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
        (Mark::None(_), _) => taken(None),
    }
}

/// What a deletion is to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// The nodes are those of the cluster that is meant.
    Nodes,
    /// There are no nodes: only files are left.
    Files,
    /// Nothing: another cluster has taken the name.
    Nothing,
}

/// Compares what is to be deleted with the mark on the nodes. `half_made` says that the journal has begun this very
/// cluster and not finished it.
pub(super) fn removal(name: &str, id: &Id, half_made: bool, mark: &Mark) -> Result<Removal, Error> {
    match (mark, mark.is(id)) {
        (Mark::NoNodes, _) => Ok(Removal::Files),
        (_, Some(true)) => Ok(Removal::Nodes),
        (_, Some(false)) => Ok(Removal::Nothing),
        (Mark::Unknown, None) if half_made => Ok(Removal::Nodes),
        (_, None) => Err(Error::HalfMade { name: name.to_owned() }),
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
            ("a stranger's", Mark::None(None), None, "Taken"),
            (
                "a stranger's in the place of our half-made one",
                Mark::None(None),
                journal("e-1", false),
                "Taken",
            ),
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
    #[test]
    fn only_the_cluster_that_is_meant_is_deleted() {
        let (marked, unmarked) = (Id::parse("e-1"), Id::unmarked("e", "A"));
        let none = |authority: &str| Mark::None(Some(Id::unmarked("e", authority)));
        let cases = [
            ("gone", &marked, false, Mark::NoNodes, "Files"),
            ("ours", &marked, false, Mark::Id(marked.clone()), "Nodes"),
            ("half-made by us", &marked, true, Mark::Unknown, "Nodes"),
            ("half-made, by us or not", &marked, false, Mark::Unknown, "HalfMade"),
            ("another state's in its place", &marked, false, Mark::Id(Id::parse("e-2")), "Nothing"),
            ("a stranger's in its place", &marked, false, none("A"), "Nothing"),
            ("a stranger's in the place of a half-made one", &marked, true, Mark::None(None), "Nothing"),
            ("imported", &unmarked, false, none("A"), "Nodes"),
            ("imported, then made anew by hand", &unmarked, false, none("B"), "Nothing"),
            ("imported, and being made anew by hand", &unmarked, false, Mark::None(None), "HalfMade"),
            (
                "imported, then made by us for another state",
                &unmarked,
                false,
                Mark::Id(marked.clone()),
                "Nothing",
            ),
            ("imported, then deleted by hand", &unmarked, false, Mark::NoNodes, "Files"),
        ];
        for (what, id, half_made, mark, expected) in cases {
            let found = match removal("dev", id, half_made, &mark) {
                Ok(removal) => format!("{removal:?}"),
                Err(error) => format!("{error:?}"),
            };
            assert!(found.starts_with(expected), "{what}: {found}");
        }
    }
}
