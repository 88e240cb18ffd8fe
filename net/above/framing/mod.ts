/** Messages out of a byte stream, and into one, with a limit for each. */
export { DelimiterDecoderStream } from "./delimiter_decoder_stream.ts";
export type { DelimiterDecoderOptions } from "./delimiter_decoder_stream.ts";
export { DelimiterEncoderStream } from "./delimiter_encoder_stream.ts";
export type { DelimiterEncoderOptions } from "./delimiter_encoder_stream.ts";
export { LengthPrefixDecoderStream } from "./length_prefix_decoder_stream.ts";
export { LengthPrefixEncoderStream } from "./length_prefix_encoder_stream.ts";
export type { LengthPrefixOptions } from "./length_prefix_options.ts";
export { LineDecoderStream } from "./line_decoder_stream.ts";
export type { LineDecoderOptions } from "./line_decoder_stream.ts";
export { LineEncoderStream } from "./line_encoder_stream.ts";
export type { LineEncoderOptions } from "./line_encoder_stream.ts";
