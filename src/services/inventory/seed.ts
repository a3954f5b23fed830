/**
 * What the shop sells: price in EUR cents, and how many units there ever are.
 *
 * `SKU-RARE` and `SKU-NONE` are for trying out a run on the last units and an empty shelf.
 */
export const SEED = [
  { sku: 'SKU-KEYBOARD', name: 'Mechanical keyboard', price: 2999, units: 10_000 },
  { sku: 'SKU-MOUSE', name: 'Wireless mouse', price: 1999, units: 10_000 },
  { sku: 'SKU-RARE', name: 'Numbered art print', price: 9900, units: 100 },
  { sku: 'SKU-NONE', name: 'Sold-out record', price: 1499, units: 0 },
  { sku: 'SKU-MONITOR', name: '27 inch monitor', price: 24_900, units: 2_000 },
  { sku: 'SKU-HEADSET', name: 'Headset with microphone', price: 7950, units: 5_000 },
  { sku: 'SKU-WEBCAM', name: 'Full HD webcam', price: 5490, units: 5_000 },
  { sku: 'SKU-DOCK', name: 'USB-C dock', price: 12_900, units: 3_000 },
  { sku: 'SKU-CABLE', name: 'USB-C cable, 2 m', price: 1290, units: 20_000 },
  { sku: 'SKU-LAMP', name: 'Desk lamp', price: 3490, units: 4_000 },
  { sku: 'SKU-MAT', name: 'Desk mat', price: 1890, units: 8_000 },
  { sku: 'SKU-STAND', name: 'Laptop stand', price: 4290, units: 4_000 },
] as const;
