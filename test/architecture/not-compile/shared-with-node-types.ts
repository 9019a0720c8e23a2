export const size = Buffer.byteLength("shared has no Buffer");
