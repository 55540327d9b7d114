use super::*;
use crate::wait::application::Acceptable;

#[test]
fn a_child_follows_the_root_only_where_it_reads_the_same() {
    let source = |url: &str, target: &str| SourceOf {
        repo_url: url.into(),
        target_revision: target.into(),
        chart: false,
    };
    let chart = SourceOf { chart: true, ..source("https://charts.example", "1.0.0") };
    let (p, q) = ("https://git.example/p", "https://git.example/q");
    let cases = [
        ("same", vec![source("https://git.example/p.git", "HEAD")], true),
        ("another branch", vec![source(p, "v1")], false),
        ("another repository", vec![source(q, "HEAD")], false),
        ("a chart", vec![chart.clone()], false),
        ("a chart with our values", vec![chart, source(p, "HEAD")], true),
        ("two of our branches", vec![source(p, "HEAD"), source(p, "v1")], false),
    ];
    let root = Expect { revision: Some(Acceptable::exactly("r")), ..Expect::default() };
    for (name, sources, expected) in cases {
        let expect = of_child(&root, &[source(p, "HEAD")], &sources);
        assert_eq!(expect.revision.is_some(), expected, "{name}");
    }
}
