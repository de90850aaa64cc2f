( function () {
	'use strict';

	const settings = window.chatpulseChat;

	/** A REST call as the visitor. A page may be older than its nonce, for example where a cache keeps it: then a new one is asked for. */
	async function call( method, route, body, ChatError, isSecond = false ) {
		let answer;
		try {
			answer = await fetch( settings.rest + route, {
				method,
				credentials: 'same-origin',
				cache: 'no-store',
				headers: { 'X-WP-Nonce': settings.nonce, 'Content-Type': 'application/json' },
				body: body && JSON.stringify( body ),
			} );
		} catch ( error ) {
			throw new ChatError( { code: 'unavailable', message: error.message } );
		}
		const data = await answer.json().catch( () => ( {} ) );
		if ( answer.ok ) {
			return data;
		}
		if ( data.code === 'rest_cookie_invalid_nonce' && ! isSecond ) {
			const nonce = await fetch( settings.newNonce, { credentials: 'same-origin', cache: 'no-store' } );
			// Whoever is not signed in any more gets no nonce, and is told so by the second call.
			if ( nonce.ok ) {
				settings.nonce = ( await nonce.text() ).trim();
			}
			return call( method, route, body, ChatError, true );
		}
		const isFinal = answer.status === 401 || answer.status === 403;
		throw new ChatError( { code: isFinal ? 'unauthenticated' : 'unavailable', message: data.message } );
	}

	/** WordPress keeps messages as HTML, with `<` as `&lt;`; the chat shows text. A document of this kind runs and loads nothing. */
	function read( content ) {
		const { body } = new DOMParser().parseFromString( content, 'text/html' );
		body.querySelectorAll( 'br' ).forEach( ( br ) => br.replaceWith( '\n' ) );
		return body.textContent;
	}

	async function start() {
		const load = ( file ) => import( settings.code + file );
		const [ { mountChat }, { mountMessenger }, { ChatError }, { translate } ] = await Promise.all(
			[ 'chat.js', 'messenger.js', 'chat-error.js', 'text.js' ].map( load )
		);
		translate( settings.texts );
		const options = {
			url: settings.server,
			read,
			token: async () => ( await call( 'POST', '/socket-token', undefined, ChatError ) ).token,
		};
		const findUsers = async ( search ) => {
			const query = new URLSearchParams( { search, per_page: '20' } );
			// With plain permalinks the route is part of a query already.
			const users = await call( 'GET', `/users${ settings.rest.includes( '?' ) ? '&' : '?' }${ query }`, undefined, ChatError );
			return users.map( ( { id, name } ) => ( { id, name } ) );
		};
		const openThread = async ( userId ) =>
			( await call( 'POST', '/threads', { type: 'private', participants: [ userId ] }, ChatError ) ).thread;

		for ( const element of document.querySelectorAll( '.chatpulse-chat:not([data-started])' ) ) {
			element.dataset.started = 'true';
			const threadId = Number( element.dataset.thread );
			if ( threadId > 0 ) {
				mountChat( element, { ...options, threadId } );
			} else {
				mountMessenger( element, { ...options, findUsers, openThread } );
			}
		}
	}

	start().catch( () => {
		for ( const element of document.querySelectorAll( '.chatpulse-chat' ) ) {
			element.textContent = settings.failed;
		}
	} );
} )();
