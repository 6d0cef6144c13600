/** No bundle can be made of this tree. `message` says which file is in the way and what to do. */
export class BundleError extends Error {
  override readonly name = "BundleError";
}
