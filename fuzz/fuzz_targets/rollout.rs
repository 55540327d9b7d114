//! Workloads, as a cluster has them: no panic where it is judged whether they are rolled out.
#![cfg_attr(feature = "link", no_main)]

use gitops::wait::rollout::judge;
use gitops_fuzz::Json;

gitops_fuzz::target!(|json: Json| {
    for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
        drop(judge(kind, &json.0));
    }
});
