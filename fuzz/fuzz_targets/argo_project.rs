//! AppProjects, as a cluster has them: no panic, and what was written of one is read the same from then on.
#![cfg_attr(feature = "link", no_main)]

use gitops::argo::Project;
use gitops_fuzz::Json;

gitops_fuzz::target!(|json: Json| {
    let project = Project::of(&json.0);
    project.validate();
    // Nobody writes one without a name.
    if project.name.is_empty() {
        return;
    }
    let written = Project::of(&project.object().into_value());
    assert_eq!(Project::of(&written.object().into_value()), written);
});
