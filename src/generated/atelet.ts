import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AteomHerderClient as _atelet_AteomHerderClient, AteomHerderDefinition as _atelet_AteomHerderDefinition } from './atelet/AteomHerder.js';
import type { CheckpointRequest as _atelet_CheckpointRequest, CheckpointRequest__Output as _atelet_CheckpointRequest__Output } from './atelet/CheckpointRequest.js';
import type { CheckpointResponse as _atelet_CheckpointResponse, CheckpointResponse__Output as _atelet_CheckpointResponse__Output } from './atelet/CheckpointResponse.js';
import type { Container as _atelet_Container, Container__Output as _atelet_Container__Output } from './atelet/Container.js';
import type { EnvVar as _atelet_EnvVar, EnvVar__Output as _atelet_EnvVar__Output } from './atelet/EnvVar.js';
import type { ExternalConfig as _atelet_ExternalConfig, ExternalConfig__Output as _atelet_ExternalConfig__Output } from './atelet/ExternalConfig.js';
import type { HttpGet as _atelet_HttpGet, HttpGet__Output as _atelet_HttpGet__Output } from './atelet/HttpGet.js';
import type { LocalConfig as _atelet_LocalConfig, LocalConfig__Output as _atelet_LocalConfig__Output } from './atelet/LocalConfig.js';
import type { Probe as _atelet_Probe, Probe__Output as _atelet_Probe__Output } from './atelet/Probe.js';
import type { RestoreRequest as _atelet_RestoreRequest, RestoreRequest__Output as _atelet_RestoreRequest__Output } from './atelet/RestoreRequest.js';
import type { RestoreResponse as _atelet_RestoreResponse, RestoreResponse__Output as _atelet_RestoreResponse__Output } from './atelet/RestoreResponse.js';
import type { RunRequest as _atelet_RunRequest, RunRequest__Output as _atelet_RunRequest__Output } from './atelet/RunRequest.js';
import type { RunResponse as _atelet_RunResponse, RunResponse__Output as _atelet_RunResponse__Output } from './atelet/RunResponse.js';
import type { WorkloadSpec as _atelet_WorkloadSpec, WorkloadSpec__Output as _atelet_WorkloadSpec__Output } from './atelet/WorkloadSpec.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  atelet: {
    /**
     * What of Agent Substrate's node agent this project calls, in our own words and
     * in its layout of June 2026. Later versions have renumbered fields: these
     * numbers are the one place to change. Numbers that are left out are fields
     * that are not used here.
     */
    AteomHerder: SubtypeConstructor<typeof grpc.Client, _atelet_AteomHerderClient> & { service: _atelet_AteomHerderDefinition }
    CheckpointRequest: MessageTypeDefinition<_atelet_CheckpointRequest, _atelet_CheckpointRequest__Output>
    CheckpointResponse: MessageTypeDefinition<_atelet_CheckpointResponse, _atelet_CheckpointResponse__Output>
    Container: MessageTypeDefinition<_atelet_Container, _atelet_Container__Output>
    EnvVar: MessageTypeDefinition<_atelet_EnvVar, _atelet_EnvVar__Output>
    ExternalConfig: MessageTypeDefinition<_atelet_ExternalConfig, _atelet_ExternalConfig__Output>
    HttpGet: MessageTypeDefinition<_atelet_HttpGet, _atelet_HttpGet__Output>
    LocalConfig: MessageTypeDefinition<_atelet_LocalConfig, _atelet_LocalConfig__Output>
    Probe: MessageTypeDefinition<_atelet_Probe, _atelet_Probe__Output>
    RestoreRequest: MessageTypeDefinition<_atelet_RestoreRequest, _atelet_RestoreRequest__Output>
    RestoreResponse: MessageTypeDefinition<_atelet_RestoreResponse, _atelet_RestoreResponse__Output>
    RunRequest: MessageTypeDefinition<_atelet_RunRequest, _atelet_RunRequest__Output>
    RunResponse: MessageTypeDefinition<_atelet_RunResponse, _atelet_RunResponse__Output>
    SnapshotScope: EnumTypeDefinition
    SnapshotType: EnumTypeDefinition
    WorkloadSpec: MessageTypeDefinition<_atelet_WorkloadSpec, _atelet_WorkloadSpec__Output>
  }
}

