//! `gitops_env_file`: a file of variables on this machine, such as the `.env` beside a `docker-compose.yml`.
//!
//! Its values are in the configuration and in the file, nowhere else. That they changed, on either side, is seen by a
//! fingerprint whose key lies in the file itself.

mod shape;
#[cfg(test)]
mod tests;

use crate::adoption::{adopted, adopts, imported};
use crate::problem::{Locate, problem};
use crate::provider::Gitops;
use gitops::apply::Owner;
use gitops::env_file;
use gitops::private_file::{self, Place};
use gitops::secrets::{Key, fingerprint};
use schemars::JsonSchema;
use shape::{Identity, PERMISSIONS, Spec, Status, absolute, data, lacks, names};
use std::path::Path;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// A file of variables on the machine that Terraform runs on, such as the `.env` beside a `docker-compose.yml`, which
/// nobody but its owner may read (mode 0600).
///
/// The values are write-only: they are in the configuration and in the file, and neither in the plan nor in the state. A
/// value that changed in the configuration is noticed without a number being raised. What somebody changed in the file by
/// hand, or its permissions, shows in the plan, and the apply writes the whole file again. It is written beside its place
/// first, and then renamed: who opens it finds all of the old one or all of the new one.
///
/// A POSIX shell (`set -a; . ./.env`) and `docker compose` read every value that is written, byte for byte. Values of
/// letters, digits and `_-.,:/@%+=` stand there as they are, so that simpler readers such as `docker run --env-file` and
/// `EnvironmentFile=` of systemd read them too; others are quoted. A value with a carriage return, or with a backtick
/// beside a `'`, has no form that all read the same, and is an error.
///
/// A file that something else made is an error, unless it was imported or `take_ownership` is set. A destroy removes the
/// file, if it is still that of this resource. Who runs Terraform on another machine has no such file there, and the plan
/// makes one.
#[derive(JsonSchema)]
pub struct EnvFile;

impl Resource for EnvFile {
    const KIND: &'static str = "gitops_env_file";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.path.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        match private_file::check(text) {
            Ok(()) => Ok(Identity { path: text.to_owned() }),
            Err(_) => Err(crate::import_id::not_one(
                "The import id is the path of the file, such as `/srv/shop/.env`.",
            )),
        }
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(private_file::check(&id.get().path).at("path").err().filter(|_| id.is_known("path")));
        match spec.is_known("data_wo") && spec.is_known("required_keys") {
            true => problems.extend(data(spec.get()).err().into_iter().flatten()),
            false => problems.extend(lacks(spec)),
        }
        problems
    }

    async fn foresee(_: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        plan.set("permissions", PERMISSIONS);
        plan.derive("keys", &["data_wo"], |_, spec| names(spec));
        if !plan.is_known("path") {
            return Ok(());
        }
        let path = absolute(&plan.id().path);
        plan.claim_part(format!("the file `{}`", path.display()), "path");
        let Some(Prior { status, .. }) = plan.prior() else { return Ok(()) };
        if status.fingerprint.is_empty() {
            // Somebody changed it, whatever the number says.
            plan.unknown("fingerprint");
            return Ok(());
        }
        if plan.has_changes() || plan.want().data_wo_revision.is_some() {
            // Only the number counts; with any other change the values are written anew and may differ by then.
            return Ok(());
        }
        if !plan.is_known("data_wo") {
            plan.unknown("fingerprint");
            return Ok(());
        }
        let key = found(&path)?.and_then(|(found, _)| found.key);
        let wanted = key.zip(data(plan.want()).ok()).map(|(key, data)| fingerprint(&key, &data));
        match wanted.as_ref() == Some(&status.fingerprint) {
            true if status.permissions == PERMISSIONS => plan.keep("fingerprint"),
            // The file is written anew, with the values that the apply is given.
            _ => plan.unknown("fingerprint"),
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        _: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let put = put(cx, id, want);
        if put.is_ok() {
            adopted(cx);
        }
        put.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let path = absolute(&id.path);
        let Some((found, mode)) = found(&path)? else { return Ok(None) };
        let Some(Prior { spec, .. }) = last else {
            imported(cx, &path.display().to_string());
            return Ok(Some((Spec::default(), Status::of(id, &found, mode))));
        };
        Ok(Some((spec, Status::of(id, &found, mode))))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, _: Prior<Spec, Status>) -> Result<(), Problem> {
        let path = absolute(&id.path);
        let place = private_file::look(&path).at("path")?;
        let ours = match &place {
            Place::File { text, .. } => is_ours(id, &env_file::read(text.expose())) || may_adopt(cx, &path),
            Place::Nothing => true,
            Place::Obstacle(_) => false,
        };
        match ours {
            true => private_file::remove(&path).at("path"),
            false => {
                cx.warn(stays(&path));
                Ok(())
            }
        }
    }
}

/// Who writes the file: whoever has this path for it, also where the directory above it was moved.
fn owner(id: &Identity) -> Owner {
    Owner::new(EnvFile::KIND, &id.path)
}

fn is_ours(id: &Identity, found: &env_file::Found) -> bool {
    found.owner.as_deref() == Some(owner(id).mark())
}

fn may_adopt(cx: &Context<Gitops>, path: &Path) -> bool {
    adopts(cx, &path.display().to_string())
}

/// The file that is there, and its permissions.
fn found(path: &Path) -> Result<Option<(env_file::Found, u32)>, Problem> {
    Ok(match private_file::look(path).at("path")? {
        Place::File { text, mode } => Some((env_file::read(text.expose()), mode)),
        Place::Nothing | Place::Obstacle(_) => None,
    })
}

/// Writes the file with the key that it has, or a new one.
fn put(cx: &Context<Gitops>, id: &Identity, want: &Spec) -> Result<Status, Problem> {
    let path = absolute(&id.path);
    let data = data(want).map_err(crate::problem::first)?;
    let (last, replace) = match private_file::look(&path).at("path")? {
        Place::Nothing => (None, false),
        Place::Obstacle(what) => return Err(in_the_way(&path, what)),
        Place::File { text, mode } => {
            let found = env_file::read(text.expose());
            if !is_ours(id, &found) && !want.take_ownership && !may_adopt(cx, &path) {
                return Err(foreign(&path, id));
            }
            (Some((found, text, mode)), true)
        }
    };
    let key = match last.as_ref().and_then(|(found, ..)| found.key.clone()) {
        Some(key) => key,
        None => Key::generate().whole()?,
    };
    let text = env_file::write(owner(id).mark(), &key, &data);
    let same = |(_, there, mode): &(_, gitops::Secret<String>, u32)| {
        there.expose() == text.expose() && *mode == private_file::PRIVATE
    };
    if !last.as_ref().is_some_and(same) {
        if want.create_directory {
            private_file::make_directory(&path).at("path")?;
        }
        private_file::write(&path, text.expose().as_bytes(), replace).at("path")?;
    }
    Ok(Status::of(id, &env_file::read(text.expose()), private_file::PRIVATE))
}

fn in_the_way(path: &Path, what: &str) -> Problem {
    let detail = format!(
        "`{}` is {what}, which is not written over. Remove it, or give another `path`.",
        path.display()
    );
    Problem::error("The file cannot be written", detail).at("path")
}

fn foreign(path: &Path, id: &Identity) -> Problem {
    let detail = format!(
        "`{}` was made by something else. Nothing was written. If it is to be of this resource, import it with the id \
         `{}`; to replace it, set `take_ownership = true`.",
        path.display(),
        id.path
    );
    Problem::error("The file exists and is not ours", detail).at("path")
}

fn stays(path: &Path) -> Problem {
    let detail = format!(
        "`{}` does not carry the mark of this resource: something else took its place. It was left as it is.",
        path.display()
    );
    Problem::warning("The file stays", detail).at("path")
}

/// The problems of an input, each at its attribute.
fn located(errors: &[env_file::Error]) -> Vec<Problem> {
    let at = |error: &env_file::Error| match error {
        env_file::Error::Missing { .. } => "required_keys",
        _ => "data_wo",
    };
    errors.iter().map(|error| problem(error).at(at(error))).collect()
}
