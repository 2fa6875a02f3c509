import type { User } from "@netconductor/contracts/auth/model";
import { State } from "../../ui/state.tsx";

export function userWord({ disabled, must_change_password }: User): string {
	if (disabled) return "Disabled";
	return must_change_password ? "One-time password" : "Active";
}

/** Whether the user can sign in, and with what. */
export function UserState({ user }: { user: User }) {
	const word = userWord(user);
	if (user.disabled) return <State tone="calm" icon="stop" word={word} />;
	return user.must_change_password ? (
		<State tone="warn" icon="key" word={word} />
	) : (
		<State tone="good" icon="ok" word={word} />
	);
}
