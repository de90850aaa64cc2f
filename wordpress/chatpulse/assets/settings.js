( function () {
	'use strict';

	const { url, nonce, texts } = window.chatpulseSettings;
	const byId = ( id ) => document.getElementById( id );

	async function ask( action ) {
		const answer = await fetch( url, {
			method: 'POST',
			credentials: 'same-origin',
			body: new URLSearchParams( { action, _ajax_nonce: nonce } ),
		} );
		const { success, data } = await answer.json();
		if ( ! success ) {
			throw new Error( typeof data === 'string' ? data : texts.failed );
		}
		return data;
	}

	function noteOf( field ) {
		return field.closest( 'td' ).querySelector( '[role="status"]' );
	}

	function newSecret() {
		const bytes = crypto.getRandomValues( new Uint8Array( 32 ) );
		return Array.from( bytes, ( byte ) => byte.toString( 16 ).padStart( 2, '0' ) ).join( '' );
	}

	document.querySelectorAll( '[data-chatpulse-show]' ).forEach( ( button ) => {
		const field = byId( button.dataset.chatpulseShow );
		button.addEventListener( 'click', async () => {
			if ( field.type === 'text' ) {
				field.type = 'password';
				button.textContent = texts.show;
				return;
			}
			try {
				if ( field.value === '' ) {
					field.value = ( await ask( 'chatpulse_secrets' ) ).secrets[ field.id ];
				}
				field.type = 'text';
				button.textContent = texts.hide;
			} catch ( error ) {
				noteOf( field ).textContent = error.message;
			}
		} );
	} );

	document.querySelectorAll( '[data-chatpulse-generate]' ).forEach( ( button ) => {
		const field = byId( button.dataset.chatpulseGenerate );
		button.addEventListener( 'click', () => {
			// eslint-disable-next-line no-alert -- It stops a chat that works.
			if ( button.dataset.replaces && ! window.confirm( texts.replace ) ) {
				return;
			}
			field.value = newSecret();
			field.type = 'text';
			field.closest( 'td' ).querySelector( '[data-chatpulse-show]' ).textContent = texts.hide;
			noteOf( field ).textContent = texts.saving;
		} );
	} );

	byId( 'chatpulse-environment-show' ).addEventListener( 'click', async () => {
		const lines = byId( 'chatpulse-environment' );
		try {
			lines.value = ( await ask( 'chatpulse_secrets' ) ).environment;
			lines.hidden = false;
			byId( 'chatpulse-environment-copy' ).hidden = false;
		} catch ( error ) {
			byId( 'chatpulse-environment-copied' ).textContent = error.message;
		}
	} );

	byId( 'chatpulse-environment-copy' ).addEventListener( 'click', async () => {
		const lines = byId( 'chatpulse-environment' );
		lines.select();
		try {
			await navigator.clipboard.writeText( lines.value );
		} catch ( error ) {
			// There is no clipboard on a page served over plain http: the lines are selected, for the keyboard to copy.
			return;
		}
		byId( 'chatpulse-environment-copied' ).textContent = texts.copied;
	} );

	byId( 'chatpulse-test' ).addEventListener( 'click', async ( { currentTarget: button } ) => {
		const results = byId( 'chatpulse-test-results' );
		const kinds = { good: 'notice-success', recommended: 'notice-warning', critical: 'notice-error' };
		button.disabled = true;
		results.textContent = texts.testing;
		try {
			const notices = ( await ask( 'chatpulse_test' ) ).map( ( { status, label, text } ) => {
				const notice = document.createElement( 'div' );
				const line = document.createElement( 'p' );
				const head = document.createElement( 'strong' );
				notice.className = `notice inline ${ kinds[ status ] }`;
				head.textContent = `${ label }. `;
				line.append( head, text );
				notice.append( line );
				return notice;
			} );
			results.replaceChildren( ...notices );
		} catch ( error ) {
			results.textContent = error.message;
		}
		button.disabled = false;
	} );
} )();
