/** One field of a protobuf message: its number, and its bytes or its number's value. */
export interface Field {
  readonly number: number;
  readonly value: Buffer | bigint;
}

/** The fields of one protobuf message, without a schema (https://protobuf.dev/programming-guides/encoding). */
export function protobufFields(message: Buffer): Field[] {
  const fields: Field[] = [];
  let offset = 0;
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(offset++);
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
  };
  while (offset < message.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 1:
        fields.push({ number, value: message.readBigUInt64LE(offset) });
        offset += 8;
        break;
      case 2: {
        const length = Number(varint());
        fields.push({ number, value: message.subarray(offset, offset + length) });
        offset += length;
        break;
      }
      case 5:
        fields.push({ number, value: BigInt(message.readUInt32LE(offset)) });
        offset += 4;
        break;
      default:
        throw new Error(`Wire type ${String(tag & 7)} at ${String(offset)}`);
    }
  }
  return fields;
}

/** The messages or strings of the field `number`. */
export function bytesOf(message: Buffer, number: number): Buffer[] {
  return protobufFields(message).flatMap((field) =>
    field.number === number && Buffer.isBuffer(field.value) ? [field.value] : [],
  );
}
