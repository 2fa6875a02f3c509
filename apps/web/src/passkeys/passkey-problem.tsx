import { SignInProblem } from "../shell/sign-in-problem.tsx";
import { Notice } from "../ui/notice.tsx";
import { passkeyTrouble } from "./browser.ts";

/** Why a passkey was not made or not taken: by the browser, by whoever cancelled it, or by the server. */
export function PasskeyProblem({ error, pause }: { error: unknown; pause: number }) {
	const trouble = passkeyTrouble(error);
	if (trouble === undefined) return <SignInProblem error={error} pause={pause} />;
	return (
		<Notice tone="warn" icon="key" title={trouble.title} role="alert">
			<div>{trouble.detail}</div>
		</Notice>
	);
}
