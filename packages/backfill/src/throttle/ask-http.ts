import { fetchProblem, withoutCredentials } from '@phasegate/core'

/**
 * Asks a URL once. Redirects are not followed: what is behind a login page is no answer. User and password in the URL are
 * sent as HTTP Basic and stand in no error.
 *
 * @throws what is wrong, in a few words: `connect ECONNREFUSED 127.0.0.1:9090`, `it does not answer in time`
 */
export async function askHttp(url: string | URL, signal: AbortSignal): Promise<Response> {
  const { address, headers } = withoutCredentials(url)
  try {
    return await fetch(address, { signal, headers, redirect: 'error' })
  } catch (error) {
    throw new Error(problemOf(error, signal))
  }
}

/**
 * The text of an answer; `most` is how many bytes of it are read at most.
 *
 * @throws that it is longer, or that the rest does not come
 */
export async function readAnswer(response: Response, most: number, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder()
  let [text, read] = ['', 0]
  try {
    for await (const part of response.body ?? []) {
      read += part.byteLength
      // Leaving the loop cancels the rest.
      if (read > most) break
      text += decoder.decode(part, { stream: true })
    }
  } catch (error) {
    throw new Error(problemOf(error, signal))
  }
  if (read > most) throw new Error(`its answer is longer than ${most} bytes`)
  return text
}

/** Lets go of an answer whose text is not needed, however long it is. */
export function dropAnswer(response: Response): void {
  // The answer that counts is there; how the rest of it ends says nothing.
  void response.body?.cancel().catch(() => {})
}

function problemOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it does not answer in time'
  const problem = fetchProblem(error)
  return problem === 'unexpected redirect' ? 'it redirects, which is not followed' : problem
}
