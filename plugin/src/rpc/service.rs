//! One short function per RPC.

use super::{Server, schemas};
use crate::problem::{Problem, diagnostics};
use crate::provider::Provider;
use std::future::Future;
use tfplugin_proto::tfplugin6::{self as tf, provider_server};
use tonic::{Request, Response, Status};

type Answer<T> = Result<Response<T>, Status>;

/// A response that can say nothing but what went wrong.
trait Failure: Send + 'static {
    fn failure(problem: &Problem) -> Self;
}

macro_rules! failures {
    ($($rpc:ident)*) => {
        $(impl Failure for tf::$rpc::Response {
            #[allow(clippy::needless_update, reason = "not all of them have further fields")]
            fn failure(problem: &Problem) -> Self {
                Self { diagnostics: diagnostics([problem]), ..Default::default() }
            }
        })*
    };
}

failures! {
    apply_resource_change close_ephemeral_resource configure_provider get_functions get_metadata
    get_provider_schema get_resource_identity_schemas import_resource_state move_resource_state
    open_ephemeral_resource plan_resource_change read_data_source read_resource renew_ephemeral_resource
    upgrade_resource_identity upgrade_resource_state validate_data_resource_config
    validate_ephemeral_resource_config validate_provider_config validate_resource_config
}

impl<P: Provider> Server<P> {
    async fn respond<T: Failure>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Answer<T> {
        let result = self.run(work).await.and_then(|result| result);
        Ok(Response::new(result.unwrap_or_else(|problem| T::failure(&problem))))
    }
}

#[tonic::async_trait]
impl<P: Provider> provider_server::Provider for Server<P> {
    async fn get_metadata(
        &self,
        _: Request<tf::get_metadata::Request>,
    ) -> Answer<tf::get_metadata::Response> {
        let this = self.clone();
        self.respond(async move { Ok(schemas::metadata(this.table()?)) }).await
    }

    async fn get_provider_schema(
        &self,
        _: Request<tf::get_provider_schema::Request>,
    ) -> Answer<tf::get_provider_schema::Response> {
        let this = self.clone();
        self.respond(async move { Ok(schemas::provider_schema(this.table()?)) }).await
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<tf::get_resource_identity_schemas::Request>,
    ) -> Answer<tf::get_resource_identity_schemas::Response> {
        let this = self.clone();
        self.respond(async move {
            let identity_schemas = schemas::identity_schemas(this.table()?);
            Ok(tf::get_resource_identity_schemas::Response { identity_schemas, ..Default::default() })
        })
        .await
    }

    async fn get_functions(
        &self,
        _: Request<tf::get_functions::Request>,
    ) -> Answer<tf::get_functions::Response> {
        let this = self.clone();
        self.respond(async move {
            let functions = schemas::functions(this.table()?);
            Ok(tf::get_functions::Response { functions, ..Default::default() })
        })
        .await
    }

    async fn validate_provider_config(
        &self,
        request: Request<tf::validate_provider_config::Request>,
    ) -> Answer<tf::validate_provider_config::Response> {
        self.respond(self.clone().validate_provider(request.into_inner())).await
    }

    async fn validate_resource_config(
        &self,
        request: Request<tf::validate_resource_config::Request>,
    ) -> Answer<tf::validate_resource_config::Response> {
        self.respond(self.clone().validate_resource(request.into_inner())).await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<tf::validate_data_resource_config::Request>,
    ) -> Answer<tf::validate_data_resource_config::Response> {
        self.respond(self.clone().validate_data(request.into_inner())).await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<tf::validate_ephemeral_resource_config::Request>,
    ) -> Answer<tf::validate_ephemeral_resource_config::Response> {
        self.respond(self.clone().validate_ephemeral(request.into_inner())).await
    }

    async fn configure_provider(
        &self,
        request: Request<tf::configure_provider::Request>,
    ) -> Answer<tf::configure_provider::Response> {
        self.respond(self.clone().configure_from(request.into_inner())).await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<tf::upgrade_resource_state::Request>,
    ) -> Answer<tf::upgrade_resource_state::Response> {
        self.respond(self.clone().upgrade(request.into_inner())).await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<tf::upgrade_resource_identity::Request>,
    ) -> Answer<tf::upgrade_resource_identity::Response> {
        self.respond(self.clone().upgrade_identity(request.into_inner())).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<tf::plan_resource_change::Request>,
    ) -> Answer<tf::plan_resource_change::Response> {
        self.respond(self.clone().plan(request.into_inner())).await
    }

    async fn import_resource_state(
        &self,
        request: Request<tf::import_resource_state::Request>,
    ) -> Answer<tf::import_resource_state::Response> {
        self.respond(self.clone().import(request.into_inner())).await
    }

    async fn move_resource_state(
        &self,
        request: Request<tf::move_resource_state::Request>,
    ) -> Answer<tf::move_resource_state::Response> {
        self.respond(self.clone().move_state(request.into_inner())).await
    }

    async fn read_data_source(
        &self,
        request: Request<tf::read_data_source::Request>,
    ) -> Answer<tf::read_data_source::Response> {
        self.respond(self.clone().read_data(request.into_inner())).await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<tf::open_ephemeral_resource::Request>,
    ) -> Answer<tf::open_ephemeral_resource::Response> {
        self.respond(self.clone().open(request.into_inner())).await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<tf::renew_ephemeral_resource::Request>,
    ) -> Answer<tf::renew_ephemeral_resource::Response> {
        self.respond(self.clone().renew(request.into_inner())).await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<tf::close_ephemeral_resource::Request>,
    ) -> Answer<tf::close_ephemeral_resource::Response> {
        self.respond(self.clone().close(request.into_inner())).await
    }

    async fn read_resource(
        &self,
        request: Request<tf::read_resource::Request>,
    ) -> Answer<tf::read_resource::Response> {
        // Whatever goes wrong, the state that was sent goes back: an empty answer would mean "gone".
        let request = request.into_inner();
        let (new_state, private) = (request.current_state.clone(), request.private.clone());
        let result = self.run(self.clone().read(request)).await.and_then(|result| result);
        Ok(Response::new(result.unwrap_or_else(|problem| tf::read_resource::Response {
            new_state,
            private,
            ..Failure::failure(&problem)
        })))
    }

    async fn apply_resource_change(
        &self,
        request: Request<tf::apply_resource_change::Request>,
    ) -> Answer<tf::apply_resource_change::Response> {
        // Whatever goes wrong, the prior state goes back: it is what is known of the object.
        let request = request.into_inner();
        let (new_state, private) = (request.prior_state.clone(), request.planned_private.clone());
        let result = self.run(self.clone().apply(request)).await.and_then(|result| result);
        Ok(Response::new(result.unwrap_or_else(|problem| tf::apply_resource_change::Response {
            new_state,
            private,
            ..Failure::failure(&problem)
        })))
    }

    async fn call_function(
        &self,
        request: Request<tf::call_function::Request>,
    ) -> Answer<tf::call_function::Response> {
        let this = self.clone();
        let called = self.run(async move { this.call(request.get_ref()) }).await;
        let result = called.unwrap_or_else(|problem| Err((problem.detail, None)));
        Ok(Response::new(result.unwrap_or_else(|(text, function_argument)| tf::call_function::Response {
            result: None,
            error: Some(tf::FunctionError { text, function_argument }),
        })))
    }

    async fn stop_provider(
        &self,
        _: Request<tf::stop_provider::Request>,
    ) -> Answer<tf::stop_provider::Response> {
        self.stop();
        Ok(Response::new(tf::stop_provider::Response::default()))
    }
}
