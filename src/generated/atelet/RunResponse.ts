// Original file: proto/atelet/atelet.proto


export interface RunResponse {
}

export interface RunResponse__Output {
}
