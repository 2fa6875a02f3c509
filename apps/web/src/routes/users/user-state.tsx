import type { User } from "@netconductor/contracts/auth/model";
import { State } from "../../ui/state.tsx";

export function userWord({ disabled, absent_since, must_change_password }: User): string {
	if (disabled) return "Disabled";
	if (absent_since !== null) return "Gone elsewhere";
	return must_change_password ? "One-time password" : "Active";
}

/** Name of the way they sign in. */
export function methodWord({ login_method }: User): string {
	return login_method ?? "Local password";
}

/** Whether the user can sign in, and with what. */
export function UserState({ user }: { user: User }) {
	const word = userWord(user);
	if (user.disabled) return <State tone="calm" icon="stop" word={word} />;
	if (user.absent_since !== null) return <State tone="warn" icon="unplugged" word={word} />;
	return user.must_change_password ? (
		<State tone="warn" icon="key" word={word} />
	) : (
		<State tone="good" icon="ok" word={word} />
	);
}
