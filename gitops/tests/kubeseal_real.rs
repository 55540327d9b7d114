//! The real `kubeseal`, both ways, where `GITOPS_TEST_REAL` is set, as `make interop` does: what we seal it opens,
//! and what it seals we open, 510 values each way in the three scopes. Elsewhere this says so and tests nothing.

#[cfg(test)]
mod real {
    use gitops::Secret;
    use gitops::manifest::to_yaml;
    use gitops::seal::{Certificate, PrivateKey, Scope, SealedSecret, Template, seal_all};
    use gitops::secrets::Data;
    use gitops_acceptance_tests::sealing_pair::{RsaKeySize, SealingPair};
    use gitops_acceptance_tests::{Lab, Outcome, Program};
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    const SCOPES: [Scope; 3] = [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide];
    const VALUES: usize = 170;

    /// The program and a directory with a key pair of the size that controllers have: `tls.crt` and `tls.key`.
    struct Kubeseal {
        dir: tempfile::TempDir,
    }

    impl Kubeseal {
        /// None where it is not to be run.
        #[expect(
            clippy::disallowed_methods,
            reason = "whoever runs the tests says whether programs are there"
        )]
        fn find() -> Option<Self> {
            if std::env::var_os("GITOPS_TEST_REAL").is_none() {
                gitops_acceptance_tests::skipped("GITOPS_TEST_REAL is not set; `make interop` sets it");
                return None;
            }
            assert!(program().is_file(), "there is no kubeseal; `lab extras` builds it");
            let dir = tempfile::tempdir().unwrap();
            let pair = SealingPair::new(RsaKeySize::_4096);
            fs::write(dir.path().join("tls.crt"), pair.certificate).unwrap();
            fs::write(dir.path().join("tls.key"), pair.key).unwrap();
            Some(Self { dir })
        }

        fn read(&self, name: &str) -> String {
            fs::read_to_string(self.dir.path().join(name)).unwrap()
        }

        fn run(&self, arguments: &[&str], input: &str) -> Outcome {
            let log = self.dir.path().join("log");
            Program::new(program()).dir(self.dir.path()).args(arguments).input(input).run(&log)
        }

        /// Opens a SealedSecret as it would after a disaster; the values of the Secret.
        fn opened(&self, sealed: &str) -> Outcome {
            self.run(&["--recovery-unseal", "--recovery-private-key", "tls.key", "--format", "json"], sealed)
        }
    }

    fn program() -> std::path::PathBuf {
        Path::new(&Lab::bin()).join("kubeseal")
    }

    /// Values of all sizes, some of them text.
    fn values() -> Data {
        let value = |number: usize| match number % 3 {
            0 => random_bytes(number),
            1 => format!("pin-{number:06}").into_bytes(),
            _ => vec![number as u8; number * number % 3_000],
        };
        Data((0..VALUES).map(|number| (format!("key-{number}"), value(number))).collect())
    }

    fn random_bytes(length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        aws_lc_rs::rand::fill(&mut bytes).unwrap();
        bytes
    }

    fn data_of(secret: &Value) -> BTreeMap<String, Vec<u8>> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let data = secret["data"].as_object().unwrap().iter();
        data.map(|(key, value)| (key.clone(), STANDARD.decode(value.as_str().unwrap_or_default()).unwrap()))
            .collect()
    }

    #[test]
    fn it_opens_what_we_seal() {
        let Some(kubeseal) = Kubeseal::find() else { return };
        let certificate = Certificate::parse(&kubeseal.read("tls.crt")).unwrap();
        for scope in SCOPES {
            let data = Secret::new(values());
            let sealed = SealedSecret {
                namespace: "shop".into(),
                name: "app".into(),
                scope,
                template: Template {
                    kind: "example.com/custom".into(),
                    labels: [("team".to_owned(), "a".to_owned())].into(),
                    annotations: [("note".to_owned(), "yes".to_owned())].into(),
                },
                data: seal_all(&certificate, scope, "shop", "app", &data).unwrap(),
            };
            let secret = kubeseal.opened(&to_yaml(&sealed.value()).unwrap()).success().json();
            assert_eq!(data_of(&secret), data.expose().0, "{scope:?}");
            assert_eq!(secret["type"], "example.com/custom");
            assert_eq!(
                (&secret["metadata"]["labels"]["team"], &secret["metadata"]["annotations"]["note"]),
                (&json!("a"), &json!("yes"))
            );

            let renamed = SealedSecret { name: "other".into(), ..sealed.clone() };
            let moved = SealedSecret { namespace: "prod".into(), ..sealed.clone() };
            let other = SealedSecret {
                scope: if scope == Scope::Strict { Scope::ClusterWide } else { Scope::Strict },
                ..sealed
            };
            for (elsewhere, opens) in
                [(renamed, scope != Scope::Strict), (moved, scope == Scope::ClusterWide), (other, false)]
            {
                let outcome = kubeseal.opened(&to_yaml(&elsewhere.value()).unwrap());
                assert_eq!(
                    outcome.code == Some(0),
                    opens,
                    "{scope:?} as {}/{}",
                    elsewhere.namespace,
                    elsewhere.name
                );
            }
        }
    }

    #[test]
    fn we_open_what_it_seals() {
        let Some(kubeseal) = Kubeseal::find() else { return };
        let key = PrivateKey::parse(&kubeseal.read("tls.key")).unwrap();
        for (scope, name) in SCOPES.into_iter().zip(["strict", "namespace-wide", "cluster-wide"]) {
            use base64::{Engine, engine::general_purpose::STANDARD};
            let data = values();
            let encoded: BTreeMap<_, _> =
                data.0.iter().map(|(key, value)| (key, STANDARD.encode(value))).collect();
            let secret = json!({
                "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                "metadata": {"namespace": "shop", "name": "app", "labels": {"team": "a"}}, "data": encoded,
            });
            let arguments = ["--cert", "tls.crt", "--scope", name, "--format", "yaml"];
            let sealed = kubeseal.run(&arguments, &secret.to_string()).success();
            let read = SealedSecret::parse(&sealed.stdout).unwrap();
            assert_eq!((read.scope, read.template.labels["team"].as_str()), (scope, "a"));
            assert_eq!(read.open(&key).ok().unwrap().expose().0, data.0, "{name}");
            assert_eq!(
                SealedSecret { name: "other".into(), ..read.clone() }.open(&key).is_ok(),
                scope != Scope::Strict
            );
            assert_eq!(
                SealedSecret { namespace: "prod".into(), ..read }.open(&key).is_ok(),
                scope == Scope::ClusterWide
            );

            let raw = [
                "--raw",
                "--cert",
                "tls.crt",
                "--scope",
                name,
                "--namespace",
                "shop",
                "--name",
                "app",
                "--from-file",
                "/dev/stdin",
            ];
            let raw = kubeseal.run(&raw, "hunter2").success();
            let value = gitops::seal::unseal(&key, scope, "shop", "app", &raw.stdout);
            assert_eq!(value.ok().unwrap().expose(), b"hunter2");
        }
    }
}
