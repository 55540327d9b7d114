//! The words of errors, and what they never show.

use super::*;
use kube::core::response::{Status, StatusCause, StatusDetails};

fn answer(code: u16, reason: &str, message: &str, causes: &[(&str, &str, &str)]) -> kube::Error {
    let causes = causes
        .iter()
        .map(|(reason, message, field)| StatusCause {
            reason: (*reason).into(),
            message: (*message).into(),
            field: (*field).into(),
        })
        .collect();
    let (name, group, kind, uid) = Default::default();
    let details = StatusDetails { name, group, kind, uid, causes, retry_after_seconds: 0 };
    kube::Error::Api(Status::failure(message, reason).with_code(code).with_details(details).boxed())
}

#[test]
fn messages() {
    let map = Id::new("", "ConfigMap", Some("argocd"), "argocd-cm");
    let secret = Id::new("", "Secret", Some("argocd"), "git");
    let conflict = [
        ("FieldManagerConflict", r#"conflict with "kubectl-edit" using v1"#, ".data.url"),
        ("FieldManagerConflict", r#"conflict with "helm" using v1 at 2026-01-01T00:00:00Z"#, ".data.admin"),
    ];
    let foreign = |managers: &[&str], conflicts: Vec<Conflict>| Foreign {
        object: map.clone(),
        managers: managers.iter().map(|manager| (*manager).into()).collect(),
        conflicts,
    };
    let held = conflicts(&answer(409, "Conflict", "", &conflict));
    let many = (0..7).map(|n| Conflict { manager: "helm".into(), field: format!(".data.k{n}") }).collect();
    let errors = [
        Error::Foreign { objects: vec![foreign(&["helm", "kubectl"], vec![])] },
        Error::Foreign { objects: vec![foreign(&["helm", "k3s", "kubectl-edit"], held)] },
        Error::Foreign { objects: vec![foreign(&[], vec![]), foreign(&["gitops_bootstrap argocd"], vec![])] },
        Error::Foreign { objects: vec![foreign(&["helm"], many)] },
        refusal("write", &map, "v1", answer(422, "Invalid", "data: Invalid value", &[])),
        refusal(
            "write",
            &Id::new("argoproj.io", "Application", Some("a"), "b"),
            "argoproj.io/v1alpha1",
            answer(404, "NotFound", "", &[]),
        ),
        refusal(
            "write",
            &secret,
            "v1",
            answer(403, "Forbidden", "secrets \"git\" is forbidden: User \"ci\" cannot patch", &[]),
        ),
        Error::StillUsed {
            crd: Id::new(
                "apiextensions.k8s.io",
                "CustomResourceDefinition",
                None,
                "applications.argoproj.io",
            ),
            objects: vec!["argocd/root".into()],
        },
        Error::Interrupted { action: "write", object: map.clone(), source: Interrupted::Cancelled },
    ];
    let text: Vec<_> = errors.iter().map(|e| format!("{e}\n  {}", e.hint().unwrap_or_default())).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
        ConfigMap argocd/argocd-cm (by helm, kubectl) exists and is not ours
          Nothing was changed. Remove what is there, or set `take_ownership = true` to take it over.
        ConfigMap argocd/argocd-cm (by helm: `.data.admin`; k3s; kubectl-edit: `.data.url`) exists and is not ours
          Nothing was changed. Remove what is there, or set `take_ownership = true` to take it over.
        2 objects exist and are not ours: ConfigMap argocd/argocd-cm, ConfigMap argocd/argocd-cm (by gitops_bootstrap argocd)
          Nothing was changed. Remove what is there, or set `take_ownership = true` to take it over.
        ConfigMap argocd/argocd-cm (by helm: `.data.k0`, `.data.k1`, `.data.k2`, `.data.k3`, `.data.k4` and 2 more) exists and is not ours
          Nothing was changed. Remove what is there, or set `take_ownership = true` to take it over.
        the cluster refused to write ConfigMap argocd/argocd-cm: data: Invalid value
          
        the cluster has no kind `Application` of `argoproj.io/v1alpha1`, which the manifest's `b` needs
          Its CustomResourceDefinition must be there first: in the same manifest, or installed by a resource that this one depends on.
        the cluster refused to write Secret argocd/git: secrets "git" is forbidden: User "ci" cannot patch
          The account needs more rights; `kubectl auth can-i --list` shows what it has.
        CustomResourceDefinition applications.argoproj.io still has objects that wait for their controller: argocd/root
          Destroy them first, while their controller lives, or remove their finalizers.
        stopped on request, while about to write ConfigMap argocd/argocd-cm
        "#);
}

#[test]
fn a_secrets_values_are_not_repeated() {
    let secret = Id::new("", "Secret", Some("argocd"), "git");
    let causes = [("FieldValueInvalid", "Invalid value: \"hunter2\"", "data[password]")];
    let errors = [
        refusal("write", &secret, "v1", answer(422, "Invalid", "Secret is invalid: \"hunter2\"", &causes)),
        refusal("write", &secret, "v1", answer(400, "BadRequest", "illegal base64 data: hunter2", &[])),
        refusal(
            "read",
            &secret,
            "v1",
            kube::Error::SerdeError(serde_json::from_str::<u8>("\"hunter2\"").unwrap_err()),
        ),
    ];
    let text: Vec<_> = errors.iter().map(|error| crate::error::chain(error)).collect();
    insta::assert_snapshot!(text.join("\n"), @"
        the cluster refused to write Secret argocd/git: 422 Invalid (data[password])
        the cluster refused to write Secret argocd/git: 400 BadRequest
        failed to read Secret argocd/git: an answer of unexpected shape
        ");
}
