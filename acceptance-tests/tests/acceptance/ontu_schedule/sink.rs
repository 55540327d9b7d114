//! Who is told of deployments: a server in a cluster that takes down every message.

use super::stage::LIMIT;
use gitops_acceptance_tests::Kubectl;
use serde_json::Value;

/// Takes down what it is told: a line for each message.
const MANIFEST: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: sink}
data:
  hook: |
    #!/bin/sh
    head -c "$CONTENT_LENGTH" >> /tmp/messages
    echo >> /tmp/messages
    printf 'Content-Type: text/plain\r\n\r\ntaken down\n'
---
apiVersion: v1
kind: Service
metadata: {name: sink}
spec:
  selector: {app: sink}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sink}
spec:
  selector: {matchLabels: {app: sink}}
  template:
    metadata: {labels: {app: sink}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: sink
        image: docker.io/library/busybox:1
        command:
        - sh
        - -c
        - mkdir -p /tmp/www/cgi-bin && cp /hook/hook /tmp/www/cgi-bin/ && chmod +x /tmp/www/cgi-bin/hook && touch /tmp/messages && exec httpd -f -p 8080 -h /tmp/www
        readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
        volumeMounts: [{name: hook, mountPath: /hook}]
      volumes: [{name: hook, configMap: {name: sink}}]
"#;

/// The server, in a namespace that is somebody else's to remove.
pub struct Sink {
    kubectl: Kubectl,
    namespace: String,
}

impl Sink {
    /// Puts it into a namespace that is there.
    #[track_caller]
    pub fn put(kubectl: &Kubectl, namespace: &str) -> Self {
        let place = format!("metadata: {{namespace: {namespace}, name: sink}}");
        kubectl.apply(&MANIFEST.replace("metadata: {name: sink}", &place), "acceptance");
        Self { kubectl: kubectl.clone(), namespace: namespace.to_owned() }
    }

    /// Waits until it listens.
    #[track_caller]
    pub fn listens(&self) {
        self.kubectl.wait(&self.namespace, "deployment/sink", "condition=Available", LIMIT);
    }

    /// Where it listens, for whoever is in the cluster.
    pub fn url(&self) -> String {
        url(&self.namespace)
    }

    /// What it was told of an event of an Application, oldest first.
    #[track_caller]
    pub fn told(&self, event: &str, application: &str) -> Vec<String> {
        let told = ["exec", "-n", &self.namespace, "deployment/sink", "--", "cat", "/tmp/messages"];
        let told = self.kubectl.run(&told).stdout;
        let read = |line: &str| -> Value {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
        };
        let about = told.lines().map(read);
        let about = about.filter(|told| told["event"] == event && told["application"] == application);
        about.map(|told| told["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Where a sink will listen in a namespace of that name.
pub fn url(namespace: &str) -> String {
    format!("http://sink.{namespace}.svc/cgi-bin/hook")
}
