//! What Argo CD says of an Application: no panic, whatever is asked of it.
#![cfg_attr(feature = "link", no_main)]

use gitops::argo::approval;
use gitops::argo::status::Status;
use gitops::wait::application::{Acceptable, Expect, Judge};
use gitops_fuzz::Json;
use std::time::Duration;

const REVISION: &str = "1111111111111111111111111111111111111111";

gitops_fuzz::target!(|json: Json| {
    let (app, status) = (&json.0, Status::of(&json.0));
    let _ = (status.revision(), status.children().count(), status.children_by_name(), status.complaints());
    let _ = (status.errors().count(), approval::deployed(app), approval::approval(app));
    let _ = (approval::revisions(app, REVISION), approval::ended(app), approval::asked(app));
    drop(status.operation.map(|last| (last.why(), last.failed(), last.running())));
    let expect = Expect { revision: Some(Acceptable::exactly(REVISION)), ..Expect::default() };
    let mut judge = Judge::new(expect);
    drop((judge.look(app, Duration::ZERO), judge.look(app, Duration::from_secs(500))));
});
