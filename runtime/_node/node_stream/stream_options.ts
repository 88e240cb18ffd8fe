/** Options for the constructor of a Node stream, none of which can come from `Object.prototype` (CORE-01). */

/** How a duplex of ours differs from another. */
export interface StreamChoices {
  /** Whether writing goes on after the far end has finished. */
  readonly allowHalfOpen: boolean;
  /** Bytes that each direction buffers. */
  readonly highWaterMark: number;
}

/**
 * Own properties for all that the constructors of streams look up: an inherited `read` or `write` would replace the method of
 * the class.
 *
 * @param choices What is chosen.
 */
export function streamOptions({ allowHalfOpen, highWaterMark }: StreamChoices): object {
  return {
    allowHalfOpen,
    highWaterMark,
    autoDestroy: true,
    emitClose: true,
    captureRejections: false,
    readable: undefined,
    writable: undefined,
    objectMode: false,
    readableObjectMode: false,
    writableObjectMode: false,
    decodeStrings: undefined,
    defaultEncoding: undefined,
    encoding: undefined,
    readableHighWaterMark: undefined,
    writableHighWaterMark: undefined,
    read: undefined,
    write: undefined,
    writev: undefined,
    final: undefined,
    destroy: undefined,
    construct: undefined,
    signal: undefined,
  };
}
