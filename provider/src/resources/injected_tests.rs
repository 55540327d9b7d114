//! What users read of a Secret that cannot become what is wanted, or is somebody else's by now.

use crate::provider::Gitops;
use crate::resources::life::Object;
use crate::resources::rig::{cluster::Cluster, shown};
use crate::resources::secret_injection::SecretInjection;
use serde_json::json;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_way_of_a_secret_is_told() {
    let cluster = Cluster::start().await;
    let run = || Arc::new(Gitops::in_environment(&[]).unwrap());
    let config = |password: &str| {
        json!({
            "kubernetes": cluster.connection(), "namespace": "web", "name": "app", "immutable": true,
            "data_wo": {"PASSWORD": password},
        })
    };
    let mut object = Object::new::<SecretInjection>();
    assert!(object.apply(&run(), &config("hunter2")).await);
    assert_eq!(shown(&object.told), "");
    // Its create was not stored, and by now it is to say something else.
    let mut lost = Object::new::<SecretInjection>();
    lost.apply(&run(), &config("hunter3")).await;
    assert!(lost.state.is_null());

    let metadata = json!({"name": "app", "namespace": "web", "uid": "theirs", "resourceVersion": "7"});
    cluster.put_secret("web", &json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata}));
    object.destroy(&run()).await;
    assert_eq!((object.state.is_null(), cluster.secrets("web").len()), (true, 1));
    insta::assert_snapshot!(shown(&[lost.told, object.told].concat()), @"
    name: The Secret is immutable
    Kubernetes changes neither the values of an immutable Secret nor that it is immutable, and `web/app` has other values than those that are configured, or is not to be immutable. Where it is in the state, plan again: it will be replaced. Else delete it first, or give another `name`.
    ---
    : The Secret stays
    The Secret `web/app` does not carry the mark of this resource: somebody else took it over. It was left as it is.
    ");
}
