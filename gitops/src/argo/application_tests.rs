use super::*;
use crate::argo::{Helm, Kustomize, KustomizePatch, Parameter, Preset};
use crate::manifest::to_yaml;

fn root() -> Application {
    Application {
        namespace: "argocd".into(),
        name: "root".into(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        project: "default".into(),
        sources: vec![Source {
            repo_url: "https://git.example/platform.git".into(),
            path: Some("argo-cd/applications".into()),
            target_revision: "HEAD".into(),
            directory: Some(Default::default()),
            ..Source::default()
        }],
        destination: Destination::default(),
        sync: Sync::default(),
        ignore_differences: vec![],
        cascade: true,
    }
}

#[test]
fn a_root_app() {
    insta::assert_snapshot!(to_yaml(root().object().as_map()).unwrap(), @"
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata:
          finalizers:
          - resources-finalizer.argocd.argoproj.io
          name: root
          namespace: argocd
        spec:
          destination:
            server: https://kubernetes.default.svc
          project: default
          source:
            directory: {}
            path: argo-cd/applications
            repoURL: https://git.example/platform.git
            targetRevision: HEAD
          syncPolicy:
            automated:
              prune: true
              selfHeal: true
        ");
}

#[test]
fn everything_else() {
    let mut app = root();
    app.cascade = false;
    app.labels.insert("tier".into(), "beta".into());
    app.sync =
        Sync { preset: Preset::Observe, options: vec!["ServerSideApply=true".into()], ..Sync::default() };
    app.destination = Destination { server: None, name: Some("edge".into()), namespace: Some("web".into()) };
    app.ignore_differences = vec![IgnoreDifferences {
        group: Some("apps".into()),
        kind: "Deployment".into(),
        json_pointers: vec!["/spec/replicas".into()],
        ..IgnoreDifferences::default()
    }];
    app.sources = vec![
        Source {
            repo_url: "https://charts.example".into(),
            chart: Some("nextcloud".into()),
            target_revision: "1.2.3".into(),
            helm: Some(Helm {
                value_files: vec!["$values/values.yaml".into()],
                parameters: vec![Parameter {
                    name: "image.tag".into(),
                    value: "1".into(),
                    force_string: true,
                }],
                ..Helm::default()
            }),
            ..Source::default()
        },
        Source {
            repo_url: "https://git.example/platform.git".into(),
            target_revision: "main".into(),
            reference: Some("values".into()),
            kustomize: Some(Kustomize {
                name_prefix: Some("a-".into()),
                patches: vec![KustomizePatch {
                    path: Some("patch.yaml".into()),
                    ..KustomizePatch::default()
                }],
                ..Kustomize::default()
            }),
            ..Source::default()
        },
    ];
    insta::assert_snapshot!(to_yaml(app.object().as_map()).unwrap(), @r#"
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata:
          labels:
            tier: beta
          name: root
          namespace: argocd
        spec:
          destination:
            name: edge
            namespace: web
          ignoreDifferences:
          - group: apps
            jsonPointers:
            - /spec/replicas
            kind: Deployment
          project: default
          sources:
          - chart: nextcloud
            helm:
              parameters:
              - forceString: true
                name: image.tag
                value: "1"
              valueFiles:
              - $values/values.yaml
            repoURL: https://charts.example
            targetRevision: "1.2.3"
          - kustomize:
              namePrefix: a-
              patches:
              - path: patch.yaml
            ref: values
            repoURL: https://git.example/platform.git
            targetRevision: main
          syncPolicy:
            syncOptions:
            - ServerSideApply=true
        "#);
}
