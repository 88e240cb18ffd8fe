/** The streams around a frame encoder: each frame written is one chunk of bytes, and an error ends both streams. */
import { hardened } from "../../../core/dictionary.ts";

/**
 * Makes the streams.
 *
 * @param encode Turns one frame into bytes that nobody else holds; what it throws ends both streams.
 */
export function encodingStreams<Frame>(
  encode: (frame: unknown) => Uint8Array<ArrayBuffer>,
): TransformStream<Frame, Uint8Array<ArrayBuffer>> {
  return new TransformStream<Frame, Uint8Array<ArrayBuffer>>(
    hardened({
      transform: (frame: Frame, controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>) =>
        controller.enqueue(encode(frame)),
    }),
    hardened({ highWaterMark: 1 }),
    hardened({ highWaterMark: 0 }),
  );
}
