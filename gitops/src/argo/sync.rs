//! When Argo CD syncs: three presets, and what may be said on top of them.

use crate::Explain;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How far Argo CD acts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Git is applied at once, what left Git is pruned, changes made by hand are reverted.
    #[default]
    Auto,
    /// For production: Git is compared at once and applied when a person approves (`gitops_sync`, `argocd app sync`).
    /// Nothing is pruned by such a sync unless it says so, nothing is reverted by itself.
    Guarded,
    /// Argo CD looks and reports; nobody is expected to sync.
    Observe,
}

/// `sync` of an Application.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Sync {
    /// How far Argo CD acts by itself.
    pub preset: Preset,
    /// Whether an automatic sync prunes; by default as the preset says. Only with `auto`.
    pub prune: Option<bool>,
    /// Whether changes made by hand are reverted; by default as the preset says. Only with `auto`.
    pub self_heal: Option<bool>,
    /// Whether an automatic sync prunes also the last object, when nothing is left in Git. Without it Argo CD takes an
    /// empty Git for a mistake and leaves all that is there: an Application whose objects are made and removed one by one,
    /// such as one that reads the directory of tenants, needs it where the last of them may go. Only with `auto`.
    pub allow_empty: bool,
    /// Sync options, as in `CreateNamespace=true`.
    pub options: Vec<String>,
    /// What happens when a sync fails; by default Argo CD tries five times more.
    pub retry: Option<Retry>,
}

/// What happens when a sync fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Retry {
    /// Tries after the first one; negative is without end.
    #[serde(default = "five")]
    pub limit: i64,
    /// Time between tries.
    pub backoff: Option<Backoff>,
}

/// Time between tries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Backoff {
    /// Time before the first retry, as in `5s`.
    pub duration: Option<String>,
    /// What each further time is multiplied by.
    pub factor: Option<i64>,
    /// The longest time, as in `3m`.
    #[serde(alias = "maxDuration")]
    pub max_duration: Option<String>,
}

/// Why a sync policy makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// `prune`, `self_heal` or `allow_empty` was asked of a preset that never syncs by itself.
    #[error("`{attribute}` belongs to automatic syncs, which the preset `{preset}` does not have")]
    NotAutomatic {
        /// `prune`, `self_heal` or `allow_empty`.
        attribute: &'static str,
        /// The preset.
        preset: &'static str,
    },
    /// A sync option is not of the form `Name=value`.
    #[error("`{option}` is not a sync option")]
    Option {
        /// The option.
        option: String,
    },
}

impl Explain for SyncError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotAutomatic { .. } => {
                "Use the preset `auto` with `prune = false` to apply Git at once and never prune.".into()
            }
            Self::Option { .. } => "Sync options look like `CreateNamespace=true`.".into(),
        })
    }
}

impl Preset {
    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Guarded => "guarded",
            Self::Observe => "observe",
        }
    }
}

impl Sync {
    /// Everything that is wrong with it.
    pub fn validate(&self) -> Vec<SyncError> {
        let empty = Some(self.allow_empty);
        let asked = [("prune", self.prune), ("self_heal", self.self_heal), ("allow_empty", empty)];
        let manual =
            asked.into_iter().filter(|(_, asked)| self.preset != Preset::Auto && *asked == Some(true));
        let manual =
            manual.map(|(attribute, _)| SyncError::NotAutomatic { attribute, preset: self.preset.name() });
        let well_formed = |option: &&String| {
            option.split_once('=').is_some_and(|(name, value)| !name.is_empty() && !value.is_empty())
        };
        let options = self.options.iter().filter(|option| !well_formed(option));
        manual.chain(options.map(|option| SyncError::Option { option: option.clone() })).collect()
    }

    /// Reads `spec.syncPolicy`. Without automatic syncs it may be `guarded` or `observe`: `manual` says which. What the
    /// preset says by itself is not said again.
    pub fn of(policy: &Value, manual: Preset) -> Self {
        let automated = policy.get("automated").filter(|automated| automated.is_object());
        let automated = automated.filter(|automated| automated.get("enabled") != Some(&Value::Bool(false)));
        let off = |key: &str| {
            automated.filter(|automated| automated.get(key) != Some(&Value::Bool(true))).map(|_| false)
        };
        let options = policy.get("syncOptions").and_then(Value::as_array).into_iter().flatten();
        Self {
            preset: if automated.is_some() { Preset::Auto } else { manual },
            prune: off("prune"),
            self_heal: off("selfHeal"),
            allow_empty: automated.and_then(|automated| automated.get("allowEmpty"))
                == Some(&Value::Bool(true)),
            options: options.filter_map(Value::as_str).map(str::to_owned).collect(),
            retry: policy.get("retry").and_then(Retry::of),
        }
    }

    /// Whether Argo CD syncs by itself.
    pub fn automatic(&self) -> bool {
        self.preset == Preset::Auto
    }

    /// `spec.syncPolicy`; `None` where there is nothing to say.
    ///
    /// `auto` is `automated: {prune: true, selfHeal: true}` as far as `prune` and `self_heal` do not differ. `guarded`
    /// and `observe` have no `automated`; they differ in what a wait expects, not in what is written.
    pub fn policy(&self) -> Option<Value> {
        let mut policy = Map::new();
        if self.automatic() {
            let mut automated =
                json!({ "prune": self.prune.unwrap_or(true), "selfHeal": self.self_heal.unwrap_or(true) });
            if let (true, Value::Object(automated)) = (self.allow_empty, &mut automated) {
                automated.insert("allowEmpty".into(), true.into());
            }
            policy.insert("automated".into(), automated);
        }
        if !self.options.is_empty() {
            policy.insert("syncOptions".into(), json!(self.options));
        }
        if let Some(retry) = &self.retry {
            policy.insert("retry".into(), retry.value());
        }
        (!policy.is_empty()).then_some(Value::Object(policy))
    }
}

/// As often as Argo CD itself tries.
fn five() -> i64 {
    5
}

impl Retry {
    /// Go leaves out a limit of 0 when it writes.
    fn of(value: &Value) -> Option<Self> {
        let mut fields = value.as_object()?.clone();
        fields.entry("limit").or_insert_with(|| 0.into());
        serde_json::from_value(Value::Object(fields)).ok()
    }

    fn value(&self) -> Value {
        let mut retry = json!({ "limit": self.limit });
        if let (Some(backoff), Value::Object(retry)) = (&self.backoff, &mut retry) {
            let mut value = Map::new();
            let fields = [("duration", &backoff.duration), ("maxDuration", &backoff.max_duration)];
            value.extend(
                fields.into_iter().filter_map(|(key, text)| Some((key.into(), text.clone()?.into()))),
            );
            value.extend(backoff.factor.map(|factor| ("factor".into(), factor.into())));
            retry.insert("backoff".into(), Value::Object(value));
        }
        retry
    }
}

#[cfg(test)]
#[path = "sync_tests.rs"]
mod tests;
