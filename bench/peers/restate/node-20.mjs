/** The SDK calls what Node has from version 22 on. */
Promise.withResolvers ??= () => {
  let resolve;
  let reject;
  const promise = new Promise((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
};
