/**
 * Takes passwords out of text that a person or a log will see: the user part of any URL in it, and `password=` parameters.
 * Errors of drivers and of `new URL` quote what they were given, so everything printed goes through here.
 */
export function redactUrls(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@'"`]*):[^\s'"`]*@/gi, '$1:***@')
    .replace(/\b(password|passwd|pgpassword)(=|%3D)[^\s&'"`]+/gi, '$1$2***')
}
