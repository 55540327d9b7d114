//! What each RPC does: decode, look up, call, encode.

use super::codec::{decode, encode, identity, timestamp};
use super::{Server, used};
use crate::context::Private;
use crate::problem::{Problem, diagnostics};
use crate::provider::Provider;
use crate::resource::{DynResource, Wire};
use crate::schema::constraint;
use crate::typed::View;
use crate::value::Path;
use tfplugin_proto::tfplugin6 as tf;

impl<P: Provider> Server<P> {
    fn resource(&self, kind: &str) -> Result<&dyn DynResource<P>, Problem> {
        self.table()?.resources.get(kind).map(Box::as_ref).ok_or_else(|| unknown("resource", kind))
    }

    fn ephemeral(&self, kind: &str) -> Result<&dyn crate::ephemeral::DynEphemeral<P>, Problem> {
        self.table()?.ephemerals.get(kind).map(Box::as_ref).ok_or_else(|| unknown("ephemeral resource", kind))
    }

    fn data_source(&self, kind: &str) -> Result<&dyn crate::data_source::DynDataSource<P>, Problem> {
        self.table()?.data_sources.get(kind).map(Box::as_ref).ok_or_else(|| unknown("data source", kind))
    }

    pub(super) async fn plan(
        self,
        request: tf::plan_resource_change::Request,
    ) -> Result<tf::plan_resource_change::Response, Problem> {
        let resource = self.resource(&request.type_name)?;
        let (schema, ty) = (resource.schema(), resource.ty());
        let prior = decode(request.prior_state.as_ref(), ty)?;
        let proposed = decode(request.proposed_new_state.as_ref(), ty)?;
        let config = decode(request.config.as_ref(), ty)?;
        // Only what is planned a second time, to be made anew, has private state and no prior state.
        let block = prior.is_null().then(|| Private::from_bytes(&request.prior_private).block()).flatten();
        let mut planned = resource.plan(self.wire(request.prior_private)?, prior, proposed, config).await;
        if !planned.targets.is_empty() {
            let (block, problems) = self.inner.claims.take(std::mem::take(&mut planned.targets), block);
            planned.private = Private::from_bytes(&planned.private).for_block(block).to_bytes();
            planned.problems.extend(problems);
        }
        if planned.deferred && !request.client_capabilities.is_some_and(|client| client.deferral_allowed) {
            let detail = "Something that it needs does not exist yet, and this version of the CLI cannot leave it for a later run.";
            planned.problems.push(Problem::error("The object cannot be planned yet", detail));
        }
        let deferred = tf::Deferred { reason: tf::deferred::Reason::AbsentPrereq.into() };
        Ok(tf::plan_resource_change::Response {
            planned_state: Some(encode(&planned.state, ty)?),
            requires_replace: planned.replaces.iter().map(Into::into).collect(),
            planned_private: planned.private,
            diagnostics: diagnostics(&planned.problems),
            planned_identity: identity(schema, &planned.state),
            deferred: planned.deferred.then_some(deferred),
            ..Default::default()
        })
    }

    pub(super) async fn apply(
        self,
        request: tf::apply_resource_change::Request,
    ) -> Result<tf::apply_resource_change::Response, Problem> {
        let resource = self.resource(&request.type_name)?;
        let (schema, ty) = (resource.schema(), resource.ty());
        let prior = decode(request.prior_state.as_ref(), ty)?;
        let planned = decode(request.planned_state.as_ref(), ty)?;
        let config = decode(request.config.as_ref(), ty)?;
        let applied = resource.apply(self.wire(request.planned_private)?, prior, planned, config).await;
        Ok(tf::apply_resource_change::Response {
            new_state: Some(encode(&applied.state, ty)?),
            private: applied.private,
            diagnostics: diagnostics(&applied.problems),
            new_identity: identity(schema, &applied.state),
            ..Default::default()
        })
    }

    pub(super) async fn read(
        self,
        request: tf::read_resource::Request,
    ) -> Result<tf::read_resource::Response, Problem> {
        let resource = self.resource(&request.type_name)?;
        let (schema, ty) = (resource.schema(), resource.ty());
        let state = decode(request.current_state.as_ref(), ty)?;
        let read = resource.read(self.wire(request.private)?, state).await;
        Ok(tf::read_resource::Response {
            new_state: Some(encode(&read.state, ty)?),
            private: read.private,
            diagnostics: diagnostics(&read.problems),
            new_identity: identity(schema, &read.state),
            ..Default::default()
        })
    }

    pub(super) async fn import(
        self,
        request: tf::import_resource_state::Request,
    ) -> Result<tf::import_resource_state::Response, Problem> {
        let resource = self.resource(&request.type_name)?;
        let schema = resource.schema();
        let imported = match request.identity.and_then(|identity| identity.identity_data) {
            Some(data) => resource.import_by_identity(&decode(Some(&data), &schema.identity_ty())?)?,
            None => resource.import_by_id(&request.id)?,
        };
        let object = tf::import_resource_state::ImportedResource {
            type_name: request.type_name,
            state: Some(encode(&imported.state, resource.ty())?),
            private: imported.private,
            identity: identity(schema, &imported.state),
        };
        Ok(tf::import_resource_state::Response { imported_resources: vec![object], ..Default::default() })
    }

    pub(super) async fn upgrade(
        self,
        request: tf::upgrade_resource_state::Request,
    ) -> Result<tf::upgrade_resource_state::Response, Problem> {
        let resource = self.resource(&request.type_name)?;
        let state = resource.upgrade(request.version, &request.raw_state.unwrap_or_default().json)?;
        let upgraded_state = Some(encode(&state, resource.ty())?);
        Ok(tf::upgrade_resource_state::Response { upgraded_state, ..Default::default() })
    }

    pub(super) async fn upgrade_identity(
        self,
        request: tf::upgrade_resource_identity::Request,
    ) -> Result<tf::upgrade_resource_identity::Response, Problem> {
        let resource = self.resource(&request.type_name)?;
        let stored = request.raw_identity.unwrap_or_default().json;
        let identity = resource.upgrade_identity(request.version, &stored)?;
        let identity_data = Some(encode(&identity, &resource.schema().identity_ty())?);
        let upgraded_identity = Some(tf::ResourceIdentityData { identity_data });
        Ok(tf::upgrade_resource_identity::Response { upgraded_identity, ..Default::default() })
    }

    pub(super) async fn move_state(
        self,
        request: tf::move_resource_state::Request,
    ) -> Result<tf::move_resource_state::Response, Problem> {
        let resource = self.resource(&request.target_type_name)?;
        let source = request.source_state.unwrap_or_default().json;
        let state = resource.moved(&request.source_provider_address, &request.source_type_name, &source)?;
        // Under another name of its own, the object keeps what was remembered of it.
        let renamed = self.resource(&request.source_type_name);
        let renamed = renamed.is_ok_and(|source| source.own_kind() == resource.own_kind());
        let private = Private::from_bytes(&request.source_private).without_own();
        Ok(tf::move_resource_state::Response {
            target_private: if renamed { private.to_bytes() } else { Vec::new() },
            target_state: Some(encode(&state, resource.ty())?),
            target_identity: identity(resource.schema(), &state),
            ..Default::default()
        })
    }

    pub(super) async fn validate_resource(
        self,
        request: tf::validate_resource_config::Request,
    ) -> Result<tf::validate_resource_config::Response, Problem> {
        let resource = self.resource(&request.type_name)?;
        let config = decode(request.config.as_ref(), resource.ty())?;
        let mut problems = resource.validate(&config);
        if !request.client_capabilities.is_some_and(|client| client.write_only_attributes_allowed) {
            problems.extend(used::write_only(resource.schema(), &config));
        }
        problems.extend(used::deprecated("resource", resource.schema(), &config));
        Ok(tf::validate_resource_config::Response { diagnostics: diagnostics(&problems) })
    }

    pub(super) async fn validate_provider(
        self,
        request: tf::validate_provider_config::Request,
    ) -> Result<tf::validate_provider_config::Response, Problem> {
        let schema = self.table()?.schema();
        let config = decode(request.config.as_ref(), &schema.ty())?;
        let mut problems = constraint::check(&schema.attributes, &config, &Path::default());
        if !problems.iter().any(Problem::is_error) {
            let view = View::new(&schema.attributes, &config)?;
            problems.extend(view.believable(P::validate(&view)));
        }
        problems.extend(used::deprecated("provider", schema, &config));
        Ok(tf::validate_provider_config::Response { diagnostics: diagnostics(&problems) })
    }

    pub(super) async fn validate_data(
        self,
        request: tf::validate_data_resource_config::Request,
    ) -> Result<tf::validate_data_resource_config::Response, Problem> {
        let source = self.data_source(&request.type_name)?;
        let config = decode(request.config.as_ref(), &source.schema().ty())?;
        let mut problems = source.validate(&config);
        problems.extend(used::deprecated("data source", source.schema(), &config));
        Ok(tf::validate_data_resource_config::Response { diagnostics: diagnostics(&problems) })
    }

    pub(super) async fn validate_ephemeral(
        self,
        request: tf::validate_ephemeral_resource_config::Request,
    ) -> Result<tf::validate_ephemeral_resource_config::Response, Problem> {
        let ephemeral = self.ephemeral(&request.type_name)?;
        let config = decode(request.config.as_ref(), &ephemeral.schema().ty())?;
        let mut problems = ephemeral.validate(&config);
        problems.extend(used::deprecated("ephemeral resource", ephemeral.schema(), &config));
        Ok(tf::validate_ephemeral_resource_config::Response { diagnostics: diagnostics(&problems) })
    }

    pub(super) async fn configure_from(
        self,
        request: tf::configure_provider::Request,
    ) -> Result<tf::configure_provider::Response, Problem> {
        self.inner.work.begin();
        let schema = self.table()?.schema();
        let config = decode(request.config.as_ref(), &schema.ty())?;
        let config = if config.is_null() { schema.empty() } else { config };
        let problems = match P::configure(View::new(&schema.attributes, &config)?).await {
            Ok((provider, problems)) => {
                self.configure(provider);
                problems
            }
            Err(problems) => problems,
        };
        Ok(tf::configure_provider::Response { diagnostics: diagnostics(&problems) })
    }

    pub(super) async fn read_data(
        self,
        request: tf::read_data_source::Request,
    ) -> Result<tf::read_data_source::Response, Problem> {
        let source = self.data_source(&request.type_name)?;
        let ty = source.schema().ty();
        let config = decode(request.config.as_ref(), &ty)?;
        let (object, problems) = source.read(self.wire(Vec::new())?, config).await;
        Ok(tf::read_data_source::Response {
            state: Some(encode(&object, &ty)?),
            diagnostics: diagnostics(&problems),
            ..Default::default()
        })
    }

    pub(super) async fn open(
        self,
        request: tf::open_ephemeral_resource::Request,
    ) -> Result<tf::open_ephemeral_resource::Response, Problem> {
        let ephemeral = self.ephemeral(&request.type_name)?;
        let ty = ephemeral.schema().ty();
        let config = decode(request.config.as_ref(), &ty)?;
        let (opened, problems) = ephemeral.open(self.wire(Vec::new())?, config).await;
        let mut answer = tf::open_ephemeral_resource::Response {
            diagnostics: diagnostics(&problems),
            ..Default::default()
        };
        match opened {
            Err(problem) => answer.diagnostics.extend(diagnostics([&problem])),
            Ok(opened) => {
                answer.result = Some(encode(&opened.output, &ty)?);
                answer.renew_at = opened.renew_at.map(timestamp);
                answer.private = Some(opened.private);
            }
        }
        Ok(answer)
    }

    pub(super) async fn renew(
        self,
        request: tf::renew_ephemeral_resource::Request,
    ) -> Result<tf::renew_ephemeral_resource::Response, Problem> {
        let wire = self.wire(request.private.unwrap_or_default())?;
        let renewed = self.ephemeral(&request.type_name)?.renew(wire).await?;
        let (renew_at, private) = (renewed.renew_at.map(timestamp), Some(renewed.private));
        Ok(tf::renew_ephemeral_resource::Response { renew_at, private, ..Default::default() })
    }

    pub(super) async fn close(
        self,
        request: tf::close_ephemeral_resource::Request,
    ) -> Result<tf::close_ephemeral_resource::Response, Problem> {
        let cancel = self.inner.work.last();
        let wire = Wire { cancel, ..self.wire(request.private.unwrap_or_default())? };
        self.ephemeral(&request.type_name)?.close(wire).await?;
        Ok(tf::close_ephemeral_resource::Response::default())
    }

    pub(super) fn call(
        &self,
        request: &tf::call_function::Request,
    ) -> Result<tf::call_function::Response, (String, Option<i64>)> {
        let bug = |problem: Problem| (problem.detail, None);
        let function = self
            .table()
            .map_err(bug)?
            .functions
            .get(&request.name)
            .ok_or_else(|| bug(unknown("function", &request.name)))?;
        let arguments = function.parameters().iter().zip(&request.arguments);
        let arguments = arguments.map(|((_, attribute), argument)| decode(Some(argument), &attribute.ty()));
        let arguments = arguments.collect::<Result<Vec<_>, _>>().map_err(bug)?;
        let result = encode(&function.call(arguments)?, &function.output()).map_err(bug)?;
        Ok(tf::call_function::Response { result: Some(result), error: None })
    }
}

fn unknown(what: &str, kind: &str) -> Problem {
    Problem::error(format!("Unknown {what}"), format!("This provider has no {what} `{kind}`."))
}
