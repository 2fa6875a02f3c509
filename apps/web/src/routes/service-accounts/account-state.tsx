import type { ServiceAccount } from "@netconductor/contracts/auth/service-accounts";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { State } from "../../ui/state.tsx";

export function accountWord({ disabled }: ServiceAccount): string {
	return disabled ? "Disabled" : "Active";
}

/** Whether its tokens work. */
export function AccountState({ account }: { account: ServiceAccount }) {
	const word = accountWord(account);
	return account.disabled ? <State tone="calm" icon="stop" word={word} /> : <State tone="good" icon="ok" word={word} />;
}

export function ownerWord({ owner }: ServiceAccount): string {
	if (owner === null) return "No owner";
	return owner.active ? owner.username : `${owner.username}, no longer active`;
}

/** Whom to ask, or that nobody is there any more. */
export function Owner({ account }: { account: ServiceAccount }) {
	const word = visibleLine(ownerWord(account));
	return account.owner?.active ? word : <State tone="warn" icon="unplugged" word={word} />;
}
