// Original file: proto/atelet/atelet.proto


export interface CheckpointResponse {
}

export interface CheckpointResponse__Output {
}
