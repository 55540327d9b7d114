//! The example of the README: short, and usable as it is pasted.

use gitops_acceptance_tests::Case;
use std::fs;

/// How long it may be.
const LINES: usize = 25;

/// The README's one block of Terraform.
fn example(case: &Case) -> String {
    let path = case.project().join("README.md");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("failed to read {path:?}: {error}"));
    let mut blocks = text.split("```terraform\n").skip(1);
    let block = blocks.next().and_then(|rest| rest.split_once("```")).expect("the README has an example");
    assert!(blocks.next().is_none(), "the README has more than one example");
    block.0.to_owned()
}

/// `validate` takes it with nothing added; `fmt` has nothing to say; it is no longer than promised.
pub fn example_is_usable_as_pasted(case: &Case) {
    let example = example(case);
    assert!(example.lines().count() <= LINES, "the example has {} lines", example.lines().count());
    let mut run = case.configuration(&example);
    run.validate().success();
    run.command(&["fmt", "-check", "-diff", "main.tf"]).success();
}

/// What it installs is what the lab has, and what the tests therefore apply: the same version, the same bytes.
pub fn example_installs_what_is_tested(case: &Case) {
    let (example, lab) = (example(case), case.lab());
    for variable in ["ARGOCD_VERSION", "ARGOCD_INSTALL_SHA256"] {
        let expected = lab.expect(variable);
        assert!(example.contains(expected), "the README's example does not name {expected}");
    }
}
