use super::*;
use gitops_acceptance_tests::hostile;

#[test]
fn nodes_are_listed_by_name() {
    let list = "dev-worker\tkindest/node:v1\ndev-control-plane\tkindest/node@sha256:00\nbroken line\n";
    let node = |name: &str, image: &str| Node { name: name.into(), image: image.into() };
    let expected =
        vec![node("dev-control-plane", "kindest/node@sha256:00"), node("dev-worker", "kindest/node:v1")];
    assert_eq!(parse_nodes(list), expected);
    assert_eq!(parse_nodes(""), Vec::new());
    assert!(!node("dev-external-load-balancer", "").runs_pods());
}

#[test]
fn a_cluster_is_told_from_another_of_its_name() {
    let (marked, unmarked) = (Id::new("e1").unwrap(), Id::unmarked("e1", "A"));
    let another = Id::unmarked("e1", "B");
    // What the nodes say of themselves names the program by now; an import of before did not.
    let named = Id::unmarked("dockere1", "A");
    let cases = [
        (Mark::NoNodes, [Some(false), Some(false)]),
        (Mark::Unknown, [None, None]),
        (Mark::Id(marked.clone()), [Some(true), Some(false)]),
        (Mark::Id(Id::new("e1").unwrap()), [Some(false), Some(false)]),
        (Mark::None(Some(unmarked.clone())), [Some(false), Some(true)]),
        (Mark::None(Some(named)), [Some(false), Some(true)]),
        (Mark::None(Some(another)), [Some(false), Some(false)]),
        (Mark::None(None), [Some(false), None]),
    ];
    for (mark, expected) in cases {
        assert_eq!([mark.is(&marked), mark.is(&unmarked)], expected, "{mark:?}");
    }
}

#[test]
fn absence_is_told_from_failure() {
    let cases = [
        (
            "Error response from daemon: Could not find the file /kind/kubeadm.conf in container dev-control-plane",
            true,
        ),
        (
            "Error: \"/kind/kubeadm.conf\" could not be found on container dev: no such file or directory",
            true,
        ),
        ("Error response from daemon: No such container: dev-control-plane", true),
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            false,
        ),
        ("permission denied while trying to connect to the docker API", false),
    ];
    for (line, absent) in cases {
        assert_eq!(is_absence(&[line.to_owned()]), absent, "{line:?}");
    }
}

#[test]
fn the_environment_chooses_the_engine() {
    let of = |provider: &str| candidates(&[("KIND_EXPERIMENTAL_PROVIDER", provider)].into_iter().collect());
    assert_eq!(candidates(&Environment::default()).unwrap(), ["docker", "podman"]);
    assert_eq!(of("podman").unwrap(), ["podman"]);
    assert!(matches!(of("nerdctl"), Err(Error::Provider { .. })));
}

#[test]
fn no_list_of_nodes_is_too_strange() {
    let list = "dev-worker\tkindest/node:v1\ndev-control-plane\tkindest/node@sha256:00\n";
    hostile::texts(hostile::INPUTS, &[list], |text| {
        drop(parse_nodes(text).iter().map(Node::runs_pods).collect::<Vec<_>>());
    });
}
