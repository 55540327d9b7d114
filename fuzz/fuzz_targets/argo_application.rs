//! Applications, as a cluster has them: no panic, and what was written of one is read the same from then on.
#![cfg_attr(feature = "link", no_main)]

use gitops::argo::{Application, status};
use gitops::tenant::{Chart, Summary};
use gitops_fuzz::Json;

gitops_fuzz::target!(|json: Json| {
    let app = Application::of(&json.0);
    let _ = (status::sources(&json.0), Summary::of(Some(&json.0)), Chart::of(&app.sources));
    // Nobody writes one without a name.
    if app.name.is_empty() {
        return;
    }
    let written = Application::of(&app.object().into_value());
    assert_eq!(Application::of(&written.object().into_value()), written);
});
