/** The flag that loads a module of `chaos/preload` into a gateway and its threads. */
export function preload(
  name: 'control' | 'failpoint' | 'mutate',
  search: Readonly<Record<string, string>>,
): string {
  const url = new URL(`../preload/${name}.ts`, import.meta.url);
  url.search = new URLSearchParams(search).toString();
  return `--import=${url.href}`;
}
