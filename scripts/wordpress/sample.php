<?php
/**
 * A conversation to look at and the page to look at it on, once. Run by run.sh.
 */

/**
 * A call of the plugin's REST API as that user; ends the script with what was answered when it is refused.
 */
function sample_call( string $user, string $route, array $body ): array {
	wp_set_current_user( username_exists( $user ) );
	$request = new WP_REST_Request( 'POST', '/chatpulse-chat/v1' . $route );
	$request->set_header( 'Content-Type', 'application/json' );
	$request->set_body( wp_json_encode( $body ) );
	$response = rest_do_request( $request );
	if ( $response->is_error() ) {
		fwrite( STDERR, "POST $route as $user: " . wp_json_encode( $response->get_data() ) . "\n" );
		exit( 1 );
	}
	return rest_get_server()->response_to_data( $response, false );
}

if ( ! get_page_by_path( 'chat' ) ) {
	$thread = sample_call(
		'alice',
		'/threads',
		array(
			'type'         => 'group',
			'title'        => 'The garden',
			'participants' => array( username_exists( 'bob' ), username_exists( 'carol' ) ),
		)
	)['thread'];
	foreach ( array(
		array( 'alice', 'The tomatoes are ripe. Who waters them while I am away?' ),
		array( 'bob', 'I can, from Tuesday on.' ),
		array( 'carol', 'And I take the weekend.' ),
	) as list( $user, $content ) ) {
		sample_call(
			$user,
			'/threads/' . $thread['id'],
			array(
				'content'      => $content,
				'content_type' => 'text/plain',
			)
		);
	}
	$page = wp_insert_post(
		array(
			'post_type'    => 'page',
			'post_status'  => 'publish',
			'post_name'    => 'chat',
			'post_title'   => 'Chat',
			'post_content' => '<!-- wp:shortcode -->[chatpulse-chat]<!-- /wp:shortcode -->',
			'post_author'  => username_exists( 'admin' ),
		),
		true
	);
	if ( is_wp_error( $page ) ) {
		fwrite( STDERR, $page->get_error_message() . "\n" );
		exit( 1 );
	}
}
