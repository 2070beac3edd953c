// What a directory's answer to a user's bind means: a result code, sometimes with the reason in words or in a control.
import type { Control } from 'ldapts'
import { BackendError } from '../../lib/errors.ts'

/** The answer to a bind; `policy` is the error of a password policy (ppolicy) where the directory names one. */
export interface BindAnswer {
  readonly code: number
  readonly message: string
  readonly policy: number | undefined
}

/** `refused` is about the account (locked, expired, must change its password): another password would not help. */
export type Verdict = 'accepted' | 'wrong-password' | 'refused'

// Result codes, https://www.rfc-editor.org/rfc/rfc4511#appendix-A
const INVALID_CREDENTIALS = 49
// A name made of what somebody typed may not even be a DN to the directory; one that does not exist is not always called so.
const NOT_A_NAME: readonly number[] = [32, 34]
// constraintViolation and unwillingToPerform are how 389 Directory Server says locked and inactive.
const ABOUT_THE_ACCOUNT: readonly number[] = [19, 48, 50, 53]

// passwordExpired, accountLocked, changeAfterReset: https://datatracker.ietf.org/doc/html/draft-behera-ldap-password-policy-10#section-6.2
const POLICY_REFUSALS: readonly number[] = [0, 1, 2]
const POLICY_CONTROL = '1.3.6.1.4.1.42.2.27.8.5.1'
const POLICY_ERROR_TAG = 0x81

// Active Directory's own: outside the permitted hours or machines, password expired, disabled, account expired, must change, locked.
const AD_REFUSAL = /\bdata (?:530|531|532|533|701|773|775)\b/i

/** Judges the answer to a bind. Throws BackendError where it is not about whose account it is. */
export function judge({ code, message, policy }: BindAnswer): Verdict {
  if (policy !== undefined && POLICY_REFUSALS.includes(policy)) return 'refused'
  if (code === 0) return 'accepted'
  if (code === INVALID_CREDENTIALS) return AD_REFUSAL.test(message) ? 'refused' : 'wrong-password'
  if (NOT_A_NAME.includes(code)) return 'wrong-password'
  if (ABOUT_THE_ACCOUNT.includes(code)) return 'refused'
  throw new BackendError(`the directory answered a bind with ${message}`)
}

/** Makes the control that asks for the reason, and reads it from the answer that ldapts hands to it. */
export function askForPolicy(ldapts: typeof import('ldapts')): {
  readonly control: Control
  error(): number | undefined
} {
  let error: number | undefined
  const control = new ldapts.Control(POLICY_CONTROL)
  control.parse = (reader) => {
    if (reader.readSequence() === null) return
    while (reader.remain > 0) {
      const tag = reader.peek() ?? 0
      const content = reader.readString(tag, true)
      if (tag === POLICY_ERROR_TAG) error = content?.[0]
      if (content === null) return
    }
  }
  return { control, error: () => error }
}
