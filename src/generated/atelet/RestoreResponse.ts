// Original file: proto/atelet/atelet.proto


export interface RestoreResponse {
}

export interface RestoreResponse__Output {
}
