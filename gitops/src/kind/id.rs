//! The mark of a cluster: `<engine>-<random>` of one that we made, `<engine>-unmarked-<authority>` of one that was
//! imported without a mark. The engine is the program it is asked by and a fingerprint; ids of before have only that.

use super::Error;
use crate::fetch::Sha256;
use aws_lc_rs::rand;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Label of every node; its value is the id of the cluster.
pub const LABEL: &str = "gitops-rs.github.io/cluster-id";

/// What begins the part after the engine where a cluster carries no mark.
const UNMARKED: &str = "unmarked-";

/// The programs that an engine is asked by.
const PROGRAMS: [&str; 2] = ["docker", "podman"];

/// A cluster's id. The part before the dash is the name of the engine that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Id(String);

impl Id {
    /// A new id for a cluster of this engine.
    pub(super) fn new(engine: &str) -> Result<Self, Error> {
        let mut random = [0; 12];
        rand::fill(&mut random).map_err(|_| Error::NoRandomness)?;
        Ok(Self(format!("{engine}-{}", hex::encode(random))))
    }

    /// The id of a cluster of this engine that carries none. Each cluster has an authority of its own, whose certificate
    /// (PEM) tells it from the next one of the same name, and lies in its nodes whether they run or not.
    pub(super) fn unmarked(engine: &str, authority: &str) -> Self {
        Self(format!("{engine}-{UNMARKED}{}", short(authority.trim())))
    }

    pub(super) fn parse(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn is_unmarked(&self) -> bool {
        self.0.split_once('-').is_some_and(|(_, rest)| rest.starts_with(UNMARKED))
    }

    /// Name of the engine.
    pub(super) fn engine(&self) -> &str {
        self.0.split_once('-').map_or("", |(engine, _)| engine)
    }

    /// The program that the engine is asked by, where the id says it.
    pub(super) fn program(&self) -> Option<&'static str> {
        PROGRAMS.into_iter().find(|program| self.0.starts_with(program))
    }

    /// Whether it is of the engine with this name.
    pub(super) fn is_of(&self, engine: &str) -> bool {
        bare(self.engine()) == bare(engine)
    }

    /// Whether it is the id of the same cluster, also where one of the two is of before.
    pub(super) fn same(&self, other: &Self) -> bool {
        bare(&self.0) == bare(&other.0)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A short name for an engine: its program, and what tells engines apart and says nothing about them.
pub(super) fn fingerprint(program: &str, identity: &str) -> String {
    format!("{program}{}", short(&format!("{program} {identity}")))
}

/// A name or an id as it was before it said the program; a fingerprint cannot begin with one.
fn bare(text: &str) -> &str {
    PROGRAMS.iter().find_map(|program| text.strip_prefix(program)).unwrap_or(text)
}

fn short(text: &str) -> String {
    Sha256::of(text.as_bytes()).to_string().chars().take(10).collect()
}

/// The id in the text of a node's kubeadm configuration, where kind writes the labels of the node.
pub(super) fn in_kubeadm_config(text: &str) -> Option<Id> {
    let (_, rest) = text.split_once(&format!("{LABEL}="))?;
    let id: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').take(63).collect();
    (!id.is_empty()).then_some(Id(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;

    #[test]
    fn an_id_is_a_label_value_and_names_its_engine() {
        let id = Id::new(&fingerprint("docker", "ABCD:EFGH")).unwrap();
        assert!(id.to_string().len() <= 63 && id != Id::new(id.engine()).unwrap());
        assert_eq!(id.engine(), fingerprint("docker", "ABCD:EFGH"));
        assert_ne!(id.engine(), fingerprint("podman", "ABCD:EFGH"));
        assert_eq!(Id::parse("").engine(), "");
    }

    /// States and nodes of before have ids without a program.
    #[test]
    fn an_id_that_names_no_program_is_of_the_same_engine() {
        let engine = fingerprint("podman", "host /srv");
        let (now, short) = (Id::new(&engine).unwrap(), engine.strip_prefix("podman").unwrap());
        let before = Id::parse(now.to_string().strip_prefix("podman").unwrap());
        assert_eq!((now.program(), before.program()), (Some("podman"), None));
        assert!(before.is_of(&engine) && now.is_of(&engine) && now.is_of(short) && before.same(&now));
        assert!(
            !before.is_of(&fingerprint("podman", "other /srv")) && !before.same(&Id::new(&engine).unwrap())
        );
        assert!(Id::unmarked(short, "A").same(&Id::unmarked(&engine, "A")));
        assert!(!Id::unmarked(short, "A").same(&Id::unmarked(&engine, "B")));
    }

    #[test]
    fn clusters_without_a_mark_are_told_apart_by_their_authority() {
        let one = Id::unmarked("e1", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
        insta::assert_snapshot!(one, @"e1-unmarked-6d20772b5f");
        assert!(one.to_string().len() <= 63 && one.is_unmarked() && one.engine() == "e1");
        // The end of a file is not the cluster's.
        assert_eq!(one, Id::unmarked("e1", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"));
        assert_ne!(one, Id::unmarked("e1", "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"));
        assert_ne!(one, Id::unmarked("e2", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"));
        assert!(!Id::new("e1").unwrap().is_unmarked());
    }

    #[test]
    fn the_id_is_found_among_the_labels_of_a_node() {
        let cases = [
            (format!("    node-labels: \"a=b,{LABEL}=e1-42\"\n"), Some("e1-42")), // Up to v1beta3.
            (format!("    - name: node-labels\n      value: \"{LABEL}=e1-42,z=1\"\n"), Some("e1-42")),
            ("    node-labels: \"\"\n".into(), None),
            (format!("{LABEL}="), None),
        ];
        for (text, expected) in cases {
            assert_eq!(in_kubeadm_config(&text).map(|id| id.to_string()).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn no_configuration_of_a_node_is_too_strange() {
        let good = format!("    - name: node-labels\n      value: \"{LABEL}=e1-42,z=1\"\n");
        hostile::texts(hostile::INPUTS, &[&good], |text| {
            let id = in_kubeadm_config(text).unwrap_or_else(|| Id::parse(text));
            drop((id.engine().to_owned(), id.program(), id.is_unmarked(), id.same(&id)));
        });
    }
}
