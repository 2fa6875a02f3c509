import type { OwnerProof } from "@netconductor/contracts/auth/second-factor";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ProofAsked } from "./proof-asked.tsx";
import { RecoveryCodesShown } from "./recovery-codes-shown.tsx";

/** What becomes of adding a second factor, of whatever kind. */
export interface AddingProps {
	/** Goes without it. */
	onLeave: () => void;
	leave?: string;
	/** From here on there is something on the screen that is shown once. */
	onCodes?: () => void;
	onDone: () => void;
}

/** What the step that makes it is given. */
export interface MakingProps<Begun> {
	begun: Begun;
	onMade: (recovery_codes: string[]) => void;
	onLeave: () => void;
	leave: string;
	/** What was begun is of no use any more: from the beginning again. */
	onOver: () => void;
}

/** That it is they, then what makes the second factor, then the recovery codes where it is the first one: who had one before keeps those that came with it. */
export function AddingSteps<Begun>({
	begin,
	making,
	onLeave,
	leave = "Leave it",
	onCodes,
	onDone,
}: AddingProps & {
	begin: (proof: OwnerProof) => Promise<Begun>;
	making: (props: MakingProps<Begun>) => ReactNode;
}) {
	const [begun, setBegun] = useState<{ now: Begun }>();
	const [codes, setCodes] = useState<string[]>();
	const send = useMutation({ mutationFn: begin, onSuccess: (now) => setBegun({ now }) });
	if (codes !== undefined) return <RecoveryCodesShown codes={codes} onClose={onDone} />;
	if (begun === undefined) {
		return (
			<ProofAsked action="Go on" send={send} leave={leave} onClose={onLeave}>
				Show first that it is you who sits here.
			</ProofAsked>
		);
	}
	function show(made: string[]) {
		if (made.length === 0) return onDone();
		setCodes(made);
		onCodes?.();
	}
	function startOver() {
		send.reset();
		setBegun(undefined);
	}
	return making({ begun: begun.now, onMade: show, onLeave, leave, onOver: startOver });
}
