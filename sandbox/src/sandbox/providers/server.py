"""Runs a provider as the plugin process that the engine starts."""

import traceback
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.engine.plugin import serve_plugin
from sandbox.providers.protocol import PartialFailure, Provider
from sandbox.providers.values import ProviderError, encode


def serve(provider: Provider) -> None:
    """Runs the plugin until the engine ends it."""
    serve_plugin(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server), [_ReadableErrors()])


class _ReadableErrors(grpc.ServerInterceptor):
    """Turns exceptions into status codes.

    FAILED_PRECONDITION is a code that the engine takes as understood: it records no pending operation. Anything
    else is a defect of the stand-in; with INTERNAL the engine warns that the resource's status is not known.
    """

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler

        def call(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                return handler.unary_unary(request, context)
            except PartialFailure as error:
                _abort_partially(context, error)
            except ProviderError as error:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            except NotImplementedError:
                context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{handler_call_details.method} is not implemented")
            except Exception:  # noqa: BLE001 - the engine must get an answer, and the user the place of the defect
                context.abort(grpc.StatusCode.INTERNAL, f"Defect in the sandbox's provider:\n{traceback.format_exc()}")

        return grpc.unary_unary_rpc_method_handler(
            call, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer
        )


def _abort_partially(context: grpc.ServicerContext, error: PartialFailure) -> NoReturn:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id, properties=encode(error.state), inputs=encode(error.inputs), reasons=[str(error)]
    )
    status = status_pb2.Status(code=grpc.StatusCode.FAILED_PRECONDITION.value[0], message=str(error))
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
